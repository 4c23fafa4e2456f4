// The invalidations that a fetch under way may still have to meet. A row lives until every fetch
// that began before it has ended. The durable ledger of the disk tier has its own rows.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>

#include "isr/options.h"
#include "isr/selector.h"

namespace isrd::store {

class FetchLog {
 public:
  /// Draws the next number and holds later rows until end() is called with it.
  std::uint64_t begin() {
    std::lock_guard lock(mutex_);
    const std::uint64_t sequence = ++sequence_;
    ++open_[sequence];
    return sequence;
  }

  void end(std::uint64_t sequence) {
    std::lock_guard lock(mutex_);
    open_.erase(sequence);
    const std::uint64_t oldest = open_.empty() ? sequence_ + 1 : open_.begin()->first;
    while (!rows_.empty() && rows_.front().sequence < oldest) rows_.pop_front();
  }

  /// Accepts an invalidation; returns its number.
  /// `resource` is the id of the only resource it can mean, or zero.
  std::uint64_t add(const isr::Selector& selector, const Hash128& resource, isr::Mode mode) {
    std::lock_guard lock(mutex_);
    const std::uint64_t sequence = ++sequence_;
    if (!open_.empty()) rows_.push_back({sequence, resource, selector, mode});
    return sequence;
  }

  /// The hardest mode of the invalidations after `asked` that mean the key. `mode` is untouched
  /// when there is none.
  bool later_than(std::uint64_t asked, const isr::PrimaryKey& key, isr::Mode& mode) const {
    std::lock_guard lock(mutex_);
    bool hit = false;
    for (auto row = rows_.rbegin(); row != rows_.rend() && row->sequence > asked; ++row) {
      if (hit && static_cast<int>(row->mode) <= static_cast<int>(mode)) continue;
      if (!row->resource.is_zero() && row->resource != key.id) continue;
      if (!isr::selects(row->selector, key.text)) continue;
      mode = row->mode;
      hit = true;
    }
    return hit;
  }

 private:
  struct Row {
    std::uint64_t sequence;
    Hash128 resource;
    isr::Selector selector;
    isr::Mode mode;
  };
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::uint64_t sequence_ = 0;
  std::map<std::uint64_t, int> open_;
  std::deque<Row> rows_;
};

}  // namespace isrd::store
