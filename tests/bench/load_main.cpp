// bench_load: the clients.
//
//   bench_load load  --port N --prefix /keep/1024/0/ [--connections 64] [--seconds 0.7] [--warm
//   0.05]
//                    [--first 0] [--pages 1000 | --unique] [--count N] [--check] [--pids 1,2]
//   bench_load burst --port N --path /brief/1024/300/1 [--clients 200]
//
// `load` prints one line of JSON; with --pids also the CPU time of those processes for each
// request.
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <string_view>

#include "cpu_time.h"
#include "load.h"
#include "options.h"

namespace {

// The scheduler books a running thread's time at its next tick; an idle one's is exact.
constexpr unsigned settle_us = 8000;

bench::LoadPlan plan_of(const bench::Options& options) {
  bench::LoadPlan plan;
  plan.port = static_cast<std::uint16_t>(options.number("port", 0));
  plan.prefix = options.text("prefix", "/keep/1024/0/");
  plan.connections = options.number("connections", 64);
  plan.first = options.number("first", 0);
  plan.pages = options.has("unique") ? 0 : options.number("pages", 1000);
  plan.checks_bodies = options.has("check");
  return plan;
}

double microseconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

int load_main(int argc, char** argv) {
  const bench::Options options(argc, argv, 2);
  const auto pids = options.numbers("pids");
  const auto count = options.number("count", std::numeric_limits<std::uint64_t>::max() / 2);
  const auto duration_ns = static_cast<std::uint64_t>(options.real("seconds", 0.7) * 1e9);
  const auto warm_ns = static_cast<std::uint64_t>(options.real("warm", 0.0) * 1e9);
  bench::Load load(plan_of(options));
  const std::uint64_t warmed = warm_ns > 0 ? load.run(warm_ns, count).requests : 0;
  usleep(settle_us);
  const std::uint64_t cpu_before = bench::cpu_ns(pids);
  const bench::Phase phase = load.run(duration_ns, count);
  usleep(settle_us);
  const std::uint64_t cpu_ns = bench::cpu_ns(pids) - cpu_before;
  const auto requests = static_cast<double>(phase.requests);
  std::printf(
      "{\"requests\": %llu, \"errors\": %llu, \"bytes\": %llu, \"seconds\": %.4f, \"rps\": %.0f, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"cpu_us\": %.4f, \"warmed\": %llu, "
      "\"next\": %llu}\n",
      static_cast<unsigned long long>(phase.requests),
      static_cast<unsigned long long>(phase.errors), static_cast<unsigned long long>(phase.bytes),
      static_cast<double>(phase.wall_ns) / 1e9, requests * 1e9 / static_cast<double>(phase.wall_ns),
      microseconds(phase.latency.quantile(0.5)), microseconds(phase.latency.quantile(0.99)),
      microseconds(phase.latency.max()), microseconds(cpu_ns) / requests,
      static_cast<unsigned long long>(warmed), static_cast<unsigned long long>(load.next()));
  return phase.errors == 0 && phase.requests > 0 ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "load") return load_main(argc, argv);
  if (mode == "burst") return bench::burst_main(argc, argv);
  std::fprintf(stderr, "usage: bench_load load|burst --port N ...\n");
  return 2;
}
