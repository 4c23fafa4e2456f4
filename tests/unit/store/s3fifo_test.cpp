#include "store/s3fifo.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

namespace isrd::store {
namespace {

/// A cache of so many nodes of cost 1, filled on demand.
class Cache {
 public:
  explicit Cache(std::uint64_t limit) : limit_(limit) {}

  /// True: a hit.
  bool ask(std::uint64_t id) {
    if (const auto found = nodes_.find(id); found != nodes_.end()) {
      S3Fifo::touch(*found->second);
      return true;
    }
    auto node = std::make_unique<QueueNode>();
    node->ghost_id = {id, 1};
    node->cost = 1;
    queue_.insert(*node);
    nodes_.emplace(id, std::move(node));
    while (queue_.bytes() > limit_) nodes_.erase(queue_.evict()->ghost_id.low);
    return false;
  }
  bool holds(std::uint64_t id) const { return nodes_.contains(id); }
  S3Fifo& queue() { return queue_; }
  std::map<std::uint64_t, std::unique_ptr<QueueNode>>& nodes() { return nodes_; }

 private:
  const std::uint64_t limit_;
  S3Fifo queue_;
  std::map<std::uint64_t, std::unique_ptr<QueueNode>> nodes_;
};

TEST(S3Fifo, an_empty_queue_has_no_victim) {
  S3Fifo queue;
  EXPECT_EQ(queue.evict(), nullptr);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(S3Fifo, what_was_never_used_goes_in_the_order_it_came) {
  Cache cache(10);
  for (std::uint64_t id = 0; id < 15; ++id) cache.ask(id);
  for (std::uint64_t id = 0; id < 15; ++id) EXPECT_EQ(cache.holds(id), id >= 5) << id;
}

TEST(S3Fifo, one_hit_wonders_do_not_push_out_what_is_used) {
  Cache cache(100);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t id = 0; id < 50; ++id) cache.ask(id);
  }
  for (std::uint64_t id = 1000; id < 101'000; ++id) cache.ask(id);
  for (std::uint64_t id = 0; id < 50; ++id) EXPECT_TRUE(cache.holds(id)) << id;
}

TEST(S3Fifo, what_returns_soon_after_it_left_skips_probation) {
  Cache cache(100);
  for (std::uint64_t id = 0; id < 101; ++id) cache.ask(id);
  ASSERT_FALSE(cache.holds(0));
  cache.ask(0);
  EXPECT_TRUE(cache.nodes().at(0)->in_main);
  EXPECT_FALSE(cache.nodes().at(100)->in_main);
}

TEST(S3Fifo, what_was_used_long_ago_leaves_in_the_end) {
  Cache cache(100);
  for (int round = 0; round < 5; ++round) {
    for (std::uint64_t id = 0; id < 50; ++id) cache.ask(id);
  }
  // A new working set that is used as well.
  for (int round = 0; round < 10; ++round) {
    for (std::uint64_t id = 1000; id < 1095; ++id) {
      cache.ask(id);
      cache.ask(id);
      cache.ask(id);
    }
  }
  std::size_t kept = 0;
  for (std::uint64_t id = 0; id < 50; ++id) kept += cache.holds(id);
  EXPECT_LT(kept, 25u);
}

TEST(S3Fifo, bytes_are_those_of_the_nodes_it_holds) {
  std::mt19937_64 random(1);
  S3Fifo queue;
  std::map<QueueNode*, std::unique_ptr<QueueNode>> nodes;
  std::uint64_t sum = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto dice = random() % 4;
    if (dice < 2 || nodes.empty()) {
      auto node = std::make_unique<QueueNode>();
      node->ghost_id = {random() % 500, 0};
      node->cost = 1 + random() % 1000;
      sum += node->cost;
      queue.insert(*node);
      nodes.emplace(node.get(), std::move(node));
    } else if (dice == 2) {
      const auto any = std::next(nodes.begin(), static_cast<long>(random() % nodes.size()));
      if (random() % 2) {
        S3Fifo::touch(*any->second);
      } else {
        sum -= any->second->cost;
        queue.remove(*any->second);
        nodes.erase(any);
      }
    } else {
      QueueNode* victim = queue.evict();
      ASSERT_TRUE(nodes.contains(victim)) << "step " << step;
      sum -= victim->cost;
      nodes.erase(victim);
    }
    ASSERT_EQ(queue.bytes(), sum) << "step " << step;
  }
}

}  // namespace
}  // namespace isrd::store
