// Random sequences of fetches, publications and invalidations against a model that remembers
// everything. Each run prints its seed when it fails.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "unit/store/stores.h"

namespace isrd::store {
namespace {

constexpr int targets = 6;
constexpr int languages = 3;

struct Cell {
  int target;
  int language;  // 0: the page does not vary
  auto operator<=>(const Cell&) const = default;
};

Page page_of_cell(const Cell& cell, const std::string& body) {
  Page page = page_of((cell.target % 2 ? "/odd/" : "/even/") + std::to_string(cell.target), body);
  if (cell.target % 3 == 0) page.scheme = "https";
  if (cell.language > 0) {
    page.response = {{"Vary", "Accept-Language"}};
    page.request_lines = "Accept-Language: l" + std::to_string(cell.language) + "\r\n";
  }
  return page;
}

/// The store as it should be: slow, and right by being simple.
class Model {
 public:
  struct Invalidated {
    std::uint64_t sequence;
    Selector selector;
    Mode mode;
  };
  struct Kept {
    EntryPtr entry;
    Invalidation invalidated;
  };

  Published publish(const Cell& cell, EntryPtr entry) {
    std::optional<Mode> hardest;
    for (const Invalidated& i : invalidations_) {
      if (i.sequence < entry->asked || !isr::selects(i.selector, entry->key())) continue;
      if (!hardest || static_cast<int>(i.mode) > static_cast<int>(*hardest)) hardest = i.mode;
    }
    if (hardest == Mode::purge) return Published::refused_purged;
    const auto old = kept_.find(cell);
    if (old != kept_.end() && old->second.entry->asked > entry->asked) {
      return Published::refused_older;
    }
    kept_[cell] = {std::move(entry), Invalidation::none};
    if (hardest) mark(kept_[cell], *hardest);
    return hardest ? Published::visible_invalidated : Published::visible;
  }

  std::size_t invalidate(const Selector& selector, Mode mode, std::uint64_t sequence) {
    invalidations_.push_back({sequence, selector, mode});
    std::size_t count = 0;
    for (auto it = kept_.begin(); it != kept_.end();) {
      const bool meant = isr::selects(selector, it->second.entry->key());
      count += meant;
      if (meant && mode == Mode::purge) {
        it = kept_.erase(it);
        continue;
      }
      if (meant) mark(it->second, mode);
      ++it;
    }
    return count;
  }

  const Kept* find(const Cell& cell) const {
    const auto found = kept_.find(cell);
    return found == kept_.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return kept_.size(); }

 private:
  static void mark(Kept& kept, Mode mode) {
    if (mode == Mode::expire) kept.invalidated = Invalidation::expire;
    if (mode == Mode::refresh && kept.invalidated == Invalidation::none) {
      kept.invalidated = Invalidation::refresh;
    }
  }
  std::map<Cell, Kept> kept_;
  std::vector<Invalidated> invalidations_;
};

class Sequence {
 public:
  explicit Sequence(unsigned seed) : random_(seed) {}

  void step() {
    const unsigned dice = random_() % 10;
    if (dice < 3 && fetches_.size() < 8) {
      fetches_.push_back({any_cell(), std::make_unique<FetchTicket>(store_->begin_fetch())});
    } else if (dice < 7 && !fetches_.empty()) {
      publish_one();
    } else if (dice < 8) {
      invalidate_some();
    }
    compare(any_cell());
    EXPECT_EQ(store_->stats().memory.entries, model_.size());
  }

 private:
  struct Fetch {
    Cell cell;
    std::unique_ptr<FetchTicket> ticket;
  };

  Cell any_cell() {
    const int target = static_cast<int>(random_() % targets);
    // Whether a page varies never changes here.
    return {target, target < targets / 2 ? 0 : 1 + static_cast<int>(random_() % languages)};
  }

  void publish_one() {
    const std::size_t i = random_() % fetches_.size();
    Page page = page_of_cell(fetches_[i].cell, "body " + std::to_string(++bodies_));
    page.asked = fetches_[i].ticket->sequence();
    const EntryPtr entry = isr::make_entry(page, store_->seed());
    EXPECT_EQ(store_->publish(entry, usual_windows()), model_.publish(fetches_[i].cell, entry));
    fetches_.erase(fetches_.begin() + static_cast<long>(i));
  }

  void invalidate_some() {
    static const Selector selectors[] = {
        url_selector("/even/0"),       url_selector("example.org/odd/5"),
        prefix_selector("/odd/"),      prefix_selector("example.org/even/"),
        url_selector("example.com/x"), Selector(),
    };
    const Selector& selector = selectors[random_() % std::size(selectors)];
    const Mode mode = static_cast<Mode>(random_() % 3);
    const Invalidated done = store_->invalidate(selector, mode, test_now);
    EXPECT_EQ(done.entries.size(), model_.invalidate(selector, mode, done.sequence));
  }

  void compare(const Cell& cell) {
    const std::string language = "l" + std::to_string(cell.language);
    const Found found = find(*store_, page_of_cell(cell, ""), {{"Accept-Language", language}});
    const Model::Kept* kept = model_.find(cell);
    ASSERT_EQ(found.kind == Found::Kind::found, kept != nullptr);
    if (!kept) return;
    EXPECT_EQ(found.entry, kept->entry);
    EXPECT_EQ(found.windows.invalidated, kept->invalidated);
  }

  std::mt19937 random_;
  const std::unique_ptr<Store> store_ = make_store();
  Model model_;
  std::vector<Fetch> fetches_;  // their tickets end before the store
  int bodies_ = 0;
};

TEST(MemoryStoreModel, the_store_does_what_the_model_does) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Sequence sequence(seed);
    for (int i = 0; i < 1000 && !testing::Test::HasFailure(); ++i) sequence.step();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(MemoryStoreModel, under_pressure_it_forgets_but_never_mixes_up) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    constexpr std::uint64_t limit = 256 << 10;
    const auto store = make_store(limit);
    std::mt19937 random(seed);
    std::map<int, EntryPtr> last;
    for (int i = 0; i < 3000; ++i) {
      const int number = static_cast<int>(random() % 400);
      const Page page = page_of("/" + std::to_string(number), std::string(random() % 5000, 'b'));
      if (random() % 3 == 0) {
        publish(*store, page, &last[number]);
      } else if (const Found found = find(*store, page); found.entry) {
        ASSERT_EQ(found.entry, last[number]);
      }
      ASSERT_LE(store->stats().memory.bytes, limit);
    }
    std::size_t walked = 0;
    store->each([&](const isr::Entry&, const Windows&) { return ++walked > 0; });
    EXPECT_EQ(walked, store->stats().memory.entries);
    invalidate(*store, {}, Mode::purge);
    EXPECT_EQ(store->stats().memory.bytes, 0u);
  }
}

}  // namespace
}  // namespace isrd::store
