// `isrd config --docs`: the introduction and one table for each group of the schema.
#include "config/later.h"
#include "config/printer.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

This page is printed by `isrd config --docs`; `config/isrd.yaml` is a commented example of every key.

```
isrd serve --config /etc/isrd.yaml     # serve what the file says
isrd serve --origin http://127.0.0.1:8000      # no file: one origin and one site, both named `default`
isrd check /etc/isrd.yaml              # every error at once, as file:line:column: key: what is wrong, what is right
isrd config --effective /etc/isrd.yaml # what is in force, with all defaults, secrets masked
```

**The file** is one YAML document in UTF-8 (JSON is YAML too) of at most 1 MiB. Every key has a default but for those
marked *required*. An unknown key is an error, as is a key that stands twice. Aliases (`*name`) and merge keys (`<<`)
work within bounds.

**Values.** Durations: `900ms`, `90s`, `1m`, `1h`, `7d`. Sizes: `64KiB`, `256MiB`, `1GiB`, decimal `1GB`, or a number of
bytes. Addresses: `0.0.0.0:8080`, `[::]:8080`, `:8080` (every IPv4 address), `unix:/path`. Networks: `10.0.0.0/8`,
`::1/128`, a single address, or `unix:` for all peers on unix sockets. Switches: `on`, `off`, `true`, `false`. Where a
list is wanted, a single value is a list of one.

**Variables.** `${NAME}` in a value is replaced by the environment variable, `${NAME:-default}` has a default for one
that is empty or not set, and `$${` stands for a plain `${`. A variable that is not set is an error.

**Environment.** `ISR_` and the path of a key in capitals, with `_` for each dot and dash, overrides the file:
`ISR_STORE_MEMORY=64MiB`, `ISR_ADMIN_LISTEN=127.0.0.1:9091`, `ISR_ORIGINS_BLOG_URL=http://10.0.0.2:8000`. Elements go by
their name or, in lists, by their number from 0: `ISR_SITES_BLOG_FRESH=10s`, `ISR_SITES_0_ROUTES_POST_FRESH=1m`. Lists
are separated by commas. Where the file names no origin, `ISR_ORIGINS_NAME_URL` makes one. An `ISR_` variable that is no
key is an error, so that a misspelt one is not overlooked.

**Command line.** Each option of `isrd serve` is the short form of a key and wins over the environment and the file:
`--listen` (repeatable), `--admin`, `--memory`, `--workers` and `--token-file` for `listen`, `admin.listen`,
`store.memory`, `workers` and `admin.token_file`; `--origin` for the `url` of the only origin; `--fresh` and `--stale`
for `fresh` and `stale` of every site, which hold outside of its routes.

**Secrets** come from a file of their own (`admin.token_file`) or from the environment (`ISR_ADMIN_TOKEN`), never from
the configuration file.

**Reload.** SIGHUP or `POST /v1/reload` reads the file again. A bad file changes nothing. Keys marked *restart* cannot be
changed while isrd runs: `listen`, `workers`, `admin.listen`.

**Profiles.** A route or site without `fresh` is a plain shared cache by RFC 9111, where the origin's headers decide. With
`fresh`, a page is served as it is for that long, then for `stale` served at once while it is regenerated behind, then
regenerated while the visitor waits. Where the origin states a lifetime itself, the origin wins, unless `override` says
otherwise.
)";

/// A cell of a table: a bar would end it.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string default_of(const Row& row) {
  if (row.required) return "*required*";
  const std::vector<std::string> values = row.get(default_elements(), {});
  if (!row.list) return values.empty() ? row.absent : "`" + values.front() + "`";
  std::string text = "`[";
  for (const std::string& value : values) text += (text.size() > 2 ? ", " : "") + value;
  return text + "]`";
}

std::string table(const Group& group) {
  std::string text = "\n## " + group.title + "\n\n";
  if (!group.text.empty()) text += group.text + "\n\n";
  text += "| Key | Type | Default | Bounds | Meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Row& row : group.rows) {
    text += "| `" + row.path + "` | " + cell(row.type) + " | " + cell(default_of(row)) + " | " +
            cell(row.bounds) + " | " + cell(row.text) + (row.restart ? " *restart*" : "") + " |\n";
  }
  return text;
}

std::string later() {
  std::string text =
      "\n## Keys of later versions\n\nRefused for now, with a message that says so, so that nobody "
      "relies on what is "
      "not there:\n";
  for (const std::string_view key : later_keys)
    text += "`" + std::string(key) + "`" + (key == later_keys.back() ? ".\n" : ",\n");
  return text;
}

}  // namespace

std::string docs() {
  std::string text(introduction);
  for (const Group& group : schema()) text += table(group);
  return text + later();
}

}  // namespace isrd::config
