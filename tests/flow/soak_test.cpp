// The soak: 10,000 requests from 200 clients over pages that change, with invalidations, reloads
// and restarts of the origin meanwhile. Every body says which page and which version it is.
//
// An edit holds the origin's answers for its page, invalidates it, raises its version and lets the
// answers go. So every answer that was made with the old version was asked for before the
// invalidation, and a client that has seen the new version must never see the old one again.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <random>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

constexpr std::size_t clients_per_thread = 25;
constexpr std::size_t threads = 8;
constexpr int rounds = 50;  // 8 * 25 * 50 = 10,000 requests
constexpr std::size_t page_count = 60;

std::string target_of(std::size_t page) { return "/page/" + std::to_string(page); }

/// Pages with an even number are purged when they are edited, and vary by language. The others are
/// refreshed or expired, and so are always covered by an old version.
bool is_purged(std::size_t page) { return page % 2 == 0; }

/// The text of one version: its name at both ends, and in between bytes that only it has.
std::string body_of(std::size_t page, std::uint64_t version, std::string_view language) {
  const std::string name =
      target_of(page) + " " + std::to_string(version) + " " + std::string(language);
  const std::size_t size = 20 + (page * 977 + version * 7919) % (page % 10 == 3 ? 200'000 : 8'000);
  std::string body = name + "\n";
  body.append(size, static_cast<char>('a' + (page + version) % 26));
  return body + "\n" + name + "\n";
}

/// What the editors change and the origin reads.
class Site {
 public:
  std::uint64_t wait_for_version(std::size_t page) {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return !held_[page]; });
    return versions_[page];
  }
  void hold(std::size_t page) {
    std::lock_guard lock(mutex_);
    held_[page] = true;
  }
  void publish(std::size_t page) {
    std::lock_guard lock(mutex_);
    ++versions_[page];
    held_[page] = false;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  // Guarded by mutex_.
  std::array<std::uint64_t, page_count> versions_{};
  std::array<bool, page_count> held_{};
};

Reply answer(Site& site, const RecordedRequest& request) {
  const std::size_t page = std::stoul(request.target.substr(6));
  const std::uint64_t version = site.wait_for_version(page);
  const std::string language = is_purged(page) ? request.field("Accept-Language") : "any";
  const std::string tag = "\"" + std::to_string(version) + "\"";
  std::string lines = "ETag: " + tag + "\r\n";
  if (is_purged(page)) lines += "Vary: Accept-Language\r\n";
  if (request.field("If-None-Match") == tag) return Reply(head_of(lines, "304 Not Modified"));
  const std::string body = body_of(page, version, language);
  if (page % 3 != 0) return Reply(flow::page(body, lines));
  const std::size_t half = body.size() / 2;
  return Reply(head_of(lines + "Transfer-Encoding: chunked\r\n") + chunk(body.substr(0, half)))
      .then(chunk(body.substr(half)))
      .then(std::string(last_chunk));
}

/// What all visitors together have counted.
struct Tally {
  std::atomic<int> answered{0};
  std::atomic<int> cut{0};
  std::atomic<int> excused{0};  // 5xx that nothing could cover
  std::mutex mutex;
  std::map<std::string, int> by_cache;  // guarded by mutex
};

/// One client: a connection and what it has seen on it and its predecessors.
class Visitor {
 public:
  Visitor(std::uint16_t port, unsigned number)
      : port_(port), language_(number % 2 == 0 ? "en" : "de"), random_(number) {
    seen_.fill(0);
  }

  void ask(std::uint32_t seed) {
    if (!client_) client_.emplace(port_);
    page_ = (random_() ^ seed) % page_count;
    client_->ask(target_of(page_), "Accept-Language: " + language_ + "\r\n");
  }

  void read(Tally& tally) {
    const Response response = client_->read();
    ++tally.answered;
    if (!response.complete) {
      // A cut answer is no lie: the client sees that it is not whole.
      ++tally.cut;
      client_.reset();
      return;
    }
    {
      std::lock_guard lock(tally.mutex);
      ++tally.by_cache[response.cache() + " " + std::to_string(response.status)];
    }
    if (response.status >= 500) {
      ++tally.excused;
      EXPECT_TRUE(is_purged(page_)) << response.status << " for " << target_of(page_)
                                    << ", which an old version could have covered";
    } else {
      EXPECT_EQ(response.status, 200);
      check(response.body);
    }
    if (lower(response.field("Connection")) == "close") client_.reset();
  }

 private:
  void check(const std::string& body) {
    std::istringstream words(body.substr(0, body.find('\n')));
    std::string target;
    std::string language;
    std::uint64_t version = 0;
    words >> target >> version >> language;
    ASSERT_EQ(target, target_of(page_));
    ASSERT_EQ(language, is_purged(page_) ? language_ : "any");
    EXPECT_TRUE(body == body_of(page_, version, language)) << "a torn body of " << target;
    EXPECT_GE(version, seen_[page_]) << "an older version of " << target << " came back";
    seen_[page_] = std::max(seen_[page_], version);
  }

  const std::uint16_t port_;
  const std::string language_;
  std::mt19937 random_;
  std::array<std::uint64_t, page_count> seen_;
  std::optional<Client> client_;
  std::size_t page_ = 0;
};

/// Everything that happens to the site while it is visited, each so many answers.
class Chaos {
 public:
  Chaos(ScriptedOrigin& origin, Daemon& isrd, Site& site, const Tally& tally, std::uint32_t seed)
      : origin_(origin), isrd_(isrd), site_(site), tally_(tally), random_(seed) {}

  void run(const std::atomic<bool>& over) {
    for (int step = 1; !over; ++step) {
      const int before = tally_.answered;
      edit(random_() % page_count);
      if (step % 20 == 0) reload();
      if (step % 60 == 0) restart(over);
      if (step % 100 == 0) refresh_everything();
      eventually([&] { return over || tally_.answered >= before + 30; });
    }
  }

 private:
  void edit(std::size_t page) {
    site_.hold(page);
    const std::string mode = is_purged(page) ? "purge" : random_() % 2 == 0 ? "refresh" : "expire";
    EXPECT_EQ(isrd_.invalidate(mode, "urls", url_of(target_of(page))).status, 200);
    site_.publish(page);
  }

  void refresh_everything() { EXPECT_EQ(isrd_.invalidate_all("refresh").status, 200); }

  void reload() {
    config::Config config = isrd_.config();
    config.sites[0].routes[0].windows.fresh = std::chrono::milliseconds(50 + random_() % 400);
    EXPECT_TRUE(isrd_.reload(config));
  }

  void restart(const std::atomic<bool>& over) {
    origin_.stop();
    const int before = tally_.answered;
    eventually([&] { return over || tally_.answered >= before + 100; });
    origin_.start();
  }

  ScriptedOrigin& origin_;
  Daemon& isrd_;
  Site& site_;
  const Tally& tally_;
  std::mt19937 random_;
};

void visit(std::uint16_t port, unsigned first, std::uint32_t seed, Tally& tally) {
  std::vector<Visitor> visitors;
  for (unsigned i = 0; i < clients_per_thread; ++i) visitors.emplace_back(port, first + i);
  try {
    for (int round = 0; round < rounds; ++round) {
      for (Visitor& visitor : visitors) visitor.ask(seed);
      for (Visitor& visitor : visitors) visitor.read(tally);
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

config::Config soak_config(const ScriptedOrigin& origin) {
  isr::WindowOptions windows;
  windows.fresh = 200ms;
  windows.stale = 300ms;
  windows.error = 24h;
  config::Config config = isr_config(origin, windows);
  config.log.level = LogLevel::error;
  return config;
}

TEST(Soak, NobodySeesAWrongTornOlderOrNeedlesslyBrokenPage) {
  const std::uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  Site site;
  ScriptedOrigin origin;
  origin.serve([&site](const RecordedRequest& request) { return answer(site, request); });
  Daemon isrd(soak_config(origin), system_clock());
  for (std::size_t page = 0; page < page_count; ++page) {
    ASSERT_EQ(isrd.get(target_of(page), "Accept-Language: en\r\n").status, 200);
  }

  Tally tally;
  std::atomic<bool> over{false};
  Chaos chaos(origin, isrd, site, tally, seed);
  {
    std::jthread changing([&] { chaos.run(over); });
    {
      std::vector<std::jthread> crowd;
      for (unsigned t = 0; t < threads; ++t) {
        crowd.emplace_back([&, t] { visit(isrd.port(), t * clients_per_thread, seed, tally); });
      }
    }
    over = true;
  }
  EXPECT_EQ(tally.answered, static_cast<int>(threads * clients_per_thread) * rounds);
  EXPECT_LT(tally.cut, 500);
  for (const auto& [word, count] : tally.by_cache) std::printf("%s: %d\n", word.c_str(), count);
  std::printf("cut %d, 5xx that nothing could cover %d, origin requests %zu\n", tally.cut.load(),
              tally.excused.load(), origin.count());
}

}  // namespace
}  // namespace isrd::flow
