// S3-FIFO (Yang et al., SOSP 2023) over intrusive nodes: a small probation queue, a main queue, and
// a ghost list of ids that left probation unused. One for each shard, guarded by the shard's lock.
// Sizes are in bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>

#include "base/hash.h"

namespace isrd::store {

struct QueueNode {
  QueueNode* previous = nullptr;
  QueueNode* next = nullptr;
  Hash128 ghost_id;
  std::uint64_t cost = 0;
  std::uint8_t uses = 0;  // saturates at 3
  bool in_main = false;
};

class S3Fifo {
 public:
  S3Fifo() {
    for (QueueNode* head : {&small_, &main_}) head->previous = head->next = head;
  }
  S3Fifo(const S3Fifo&) = delete;
  S3Fifo& operator=(const S3Fifo&) = delete;

  std::uint64_t bytes() const { return small_bytes_ + main_bytes_; }

  /// A node whose `in_main` is set already (the successor of one that was there) goes there.
  void insert(QueueNode& node) {
    node.in_main = node.in_main || ghosts_.contains(node.ghost_id);
    push(node);
  }

  void remove(QueueNode& node) {
    node.previous->next = node.next;
    node.next->previous = node.previous;
    (node.in_main ? main_bytes_ : small_bytes_) -= node.cost;
  }

  static void touch(QueueNode& node) {
    if (node.uses < 3) ++node.uses;
  }

  /// Takes the next victim out of its queue; nullptr when both are empty.
  QueueNode* evict() {
    for (;;) {
      const bool from_small =
          small_.previous != &small_ && (small_bytes_ * 10 > bytes() || main_.previous == &main_);
      QueueNode& tail = from_small ? *small_.previous : *main_.previous;
      if (&tail == &main_) return nullptr;
      remove(tail);
      if (from_small) {
        if (tail.uses < 2) {
          remember_ghost(tail.ghost_id);
          return &tail;
        }
        tail.in_main = true;
        tail.uses = 0;
      } else {
        if (tail.uses == 0) return &tail;
        --tail.uses;
      }
      push(tail);
    }
  }

 private:
  void push(QueueNode& node) {
    QueueNode& head = node.in_main ? main_ : small_;
    node.next = head.next;
    node.previous = &head;
    head.next->previous = &node;
    head.next = &node;
    (node.in_main ? main_bytes_ : small_bytes_) += node.cost;
  }

  void remember_ghost(const Hash128& id) {
    if (!ghosts_.insert(id).second) return;
    ghost_order_.push_back(id);
    if (ghost_order_.size() > ghosts_max) {
      ghosts_.erase(ghost_order_.front());
      ghost_order_.pop_front();
    }
  }

  static constexpr std::size_t ghosts_max = 4096;
  QueueNode small_;
  QueueNode main_;
  std::uint64_t small_bytes_ = 0;
  std::uint64_t main_bytes_ = 0;
  std::unordered_set<Hash128, Hash128Hasher> ghosts_;
  std::deque<Hash128> ghost_order_;
};

}  // namespace isrd::store
