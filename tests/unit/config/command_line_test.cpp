#include "config/command_line.h"

#include "load.h"

namespace isrd::config::test {
namespace {

using ::testing::HasSubstr;

std::string wrong(Command command, const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(command, arguments);
  return line ? "" : line.error().message;
}

TEST(ConfigCommandLine, options_of_serve) {
  const auto line = parse_command_line(
      Command::serve, {"--config", "f.yaml", "--listen", ":1", "--listen=:2", "--admin", "off",
                       "--origin=http://a", "--memory", "64MiB", "--workers", "2", "--fresh", "10s",
                       "--stale", "1h", "--token-file", "/t"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->file, "f.yaml");
  std::vector<std::string> settings;
  for (const Setting& each : line->overrides.settings)
    settings.push_back(each.label + " " + each.key + "=" + each.value);
  EXPECT_THAT(settings, ::testing::ElementsAre(
                            "--listen listen=:1", "--listen listen=:2", "--admin admin.listen=off",
                            "--origin origins.*.url=http://a", "--memory store.memory=64MiB",
                            "--workers workers=2", "--fresh sites.*.fresh=10s",
                            "--stale sites.*.stale=1h", "--token-file admin.token_file=/t"));
}

TEST(ConfigCommandLine, errors_name_the_option_and_what_is_right) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> table = {
      {{"--orgin", "x"}, "--orgin is not an option of serve; did you mean --origin?"},
      {{"--nonsense"}, "--nonsense is not an option of serve; see isrd serve --help"},
      {{"-x"}, "-x is not an option of serve; see isrd serve --help"},
      {{"--listen"}, "--listen needs a value; write --listen ADDR:PORT"},
      {{"--listen="}, "--listen needs a value; write --listen ADDR:PORT"},
      {{"--origin", "--fresh", "1s"}, "--origin needs a value; write --origin URL"},
      {{"--workers", "1", "--workers", "2"}, "--workers stands there twice; write it once"},
      {{"--config", "a", "--config", "b"}, "--config stands there twice; write it once"},
      {{"f.yaml"}, "serve takes no argument 'f.yaml'; write --config FILE or --origin URL"},
      {{"--store", "/x"},
       "--store (store.path) comes with a later version of isrd; leave it out until then"},
      {{"--disk=1GiB"},
       "--disk (store.disk) comes with a later version of isrd; leave it out until then"},
      {{"--preset", "wordpress"},
       "--preset (sites.*.preset) comes with a later version of isrd; leave it out until then"},
      {{"--help=1"}, "--help takes no value; write it alone"},
  };
  for (const auto& [arguments, message] : table)
    EXPECT_EQ(wrong(Command::serve, arguments), message);
}

TEST(ConfigCommandLine, check_takes_a_file) {
  EXPECT_EQ(parse_command_line(Command::check, {"f.yaml"})->file, "f.yaml");
  EXPECT_EQ(parse_command_line(Command::check, {"--config", "f.yaml", "--workers", "2"})->file,
            "f.yaml");
  EXPECT_EQ(wrong(Command::check, {}), "check needs a file; write isrd check FILE");
  EXPECT_EQ(wrong(Command::check, {"a", "b"}), "a second file 'b'; name one configuration file");
  EXPECT_EQ(wrong(Command::check, {""}),
            "the name of the file is empty; name a configuration file");
}

TEST(ConfigCommandLine, config_prints_one_of_two) {
  EXPECT_TRUE(parse_command_line(Command::config, {"--docs"})->docs);
  const auto line = parse_command_line(Command::config, {"--effective", "f.yaml"});
  EXPECT_TRUE(line->effective);
  EXPECT_EQ(line->file, "f.yaml");
  EXPECT_EQ(wrong(Command::config, {}), "config needs --docs or --effective, one of them");
  EXPECT_EQ(wrong(Command::config, {"--docs", "--effective"}),
            "config needs --docs or --effective, one of them");
  EXPECT_EQ(wrong(Command::serve, {"--docs"}),
            "--docs is not an option of serve; see isrd serve --help");
}

TEST(ConfigCommandLine, help_names_every_option) {
  EXPECT_TRUE(parse_command_line(Command::check, {"--help"})->help);
  EXPECT_TRUE(parse_command_line(Command::serve, {"-h"})->help);
  for (const std::string option :
       {"--config FILE", "--listen ADDR:PORT", "--admin ADDR:PORT", "--origin URL", "--store DIR",
        "--memory SIZE", "--disk SIZE", "--workers N", "--preset NAME", "--fresh DURATION",
        "--stale DURATION", "--token-file FILE"}) {
    EXPECT_THAT(usage(Command::serve), HasSubstr("  " + option + " "));
  }
}

TEST(ConfigCommandLine, is_loaded) {
  const auto line =
      parse_command_line(Command::serve, {"--origin", "http://127.0.0.1:8000", "--fresh", "10s"});
  ASSERT_TRUE(line);
  const LoadResult result = load(*line, environment());
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->origins[0].address.port, 8000);
}

}  // namespace
}  // namespace isrd::config::test
