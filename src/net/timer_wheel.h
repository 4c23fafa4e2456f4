// Deadlines of one worker: a hashed wheel of 16 ms slots. Arming and disarming are a few
// instructions, so that every wait can have a deadline. A node further away than one turn stays in
// its slot and is looked at again each turn.
//
// Every suspended wait of a worker is in its wheel; that is how a stopping worker finds them all.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace isrd::net {

using LoopTime = std::chrono::steady_clock::time_point;

class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  TimerNode* previous_ = nullptr;
  TimerNode* next_ = nullptr;
  std::int64_t tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds tick{16};

  explicit TimerWheel(LoopTime now) : now_tick_(tick_of(now)) {
    for (TimerNode& head : heads_) head.previous_ = head.next_ = &head;
  }

  /// The node must not be armed. It fires at the deadline or up to one tick later.
  void arm(TimerNode& node, LoopTime deadline) {
    node.tick_ = tick_of(deadline) + 1;
    if (node.tick_ <= now_tick_) node.tick_ = now_tick_ + 1;
    const std::size_t slot = slot_of(node.tick_);
    TimerNode& head = heads_[slot];
    node.previous_ = head.previous_;
    node.next_ = &head;
    head.previous_->next_ = &node;
    head.previous_ = &node;
    occupied_[slot / 64] |= 1ull << (slot % 64);
    ++count_;
  }

  void disarm(TimerNode& node) {
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.previous_ = node.next_ = nullptr;
    --count_;
  }

  /// Calls f(node) for each node that is due, after disarming it. f may arm and disarm other nodes.
  template <class F>
  void expire(LoopTime now, F&& f) {
    const std::int64_t target = tick_of(now);
    std::int64_t from = now_tick_ + 1;
    if (target - from >= static_cast<std::int64_t>(slots)) from = target - slots + 1;
    now_tick_ = target > now_tick_ ? target : now_tick_;
    for (std::int64_t t = from; t <= target; ++t) expire_slot(slot_of(t), target, f);
  }

  /// Calls f(node) for every armed node, after disarming it: the stop of a worker.
  template <class F>
  void expire_all(F&& f) {
    for (std::size_t slot = 0; slot < slots; ++slot) expire_slot(slot, INT64_MAX, f);
  }

  bool empty() const { return count_ == 0; }

  /// Milliseconds until the next slot that holds a node, for epoll_wait; -1 when there is none.
  int timeout_ms(LoopTime now) const {
    if (count_ == 0) return -1;
    for (std::size_t distance = 1; distance <= slots;) {
      const std::size_t slot = slot_of(now_tick_ + static_cast<std::int64_t>(distance));
      const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
      if (word == 0) {
        distance += 64 - slot % 64;
        continue;
      }
      distance += std::countr_zero(word);
      const LoopTime due{std::chrono::duration_cast<LoopTime::duration>(
          tick * (now_tick_ + static_cast<std::int64_t>(distance)))};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now).count();
      return left > 0 ? static_cast<int>(left) : 0;
    }
    return static_cast<int>(tick.count());
  }

 private:
  static constexpr std::size_t slots = 512;
  static std::int64_t tick_of(LoopTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() /
           tick.count();
  }
  static std::size_t slot_of(std::int64_t t) { return static_cast<std::size_t>(t) % slots; }

  template <class F>
  void expire_slot(std::size_t slot, std::int64_t target, F& f) {
    TimerNode& head = heads_[slot];
    // Due nodes are moved to a list of their own first, so that f may arm nodes in this slot.
    TimerNode due;
    due.previous_ = due.next_ = &due;
    for (TimerNode* node = head.next_; node != &head;) {
      TimerNode* next = node->next_;
      if (node->tick_ <= target) {
        node->previous_->next_ = node->next_;
        node->next_->previous_ = node->previous_;
        node->previous_ = due.previous_;
        node->next_ = &due;
        due.previous_->next_ = node;
        due.previous_ = node;
      }
      node = next;
    }
    if (head.next_ == &head) occupied_[slot / 64] &= ~(1ull << (slot % 64));
    while (due.next_ != &due) {
      TimerNode& node = *due.next_;
      disarm(node);
      f(node);
    }
    due.previous_ = due.next_ = nullptr;
  }

  std::array<TimerNode, slots> heads_;
  std::array<std::uint64_t, slots / 64> occupied_{};
  std::int64_t now_tick_;
  std::size_t count_ = 0;
};

}  // namespace isrd::net
