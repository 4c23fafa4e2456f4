// Flight: one fetch for one key, and everybody who waits for it. It lives on the worker of its
// leader; readers on other workers get one wake-up for each batch of growth.
//
// Life: pending (no head yet) -> streaming (the answer will be stored; readers are fed while it
// grows) -> complete (the published entry is there). Or: released (the answer cannot be shared: the
// leader takes the exchange over, everybody else asks for himself), or failed. An answer that
// outgrows the store while it streams keeps only a window for its readers.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "isr/entry.h"
#include "net/origin.h"
#include "store/store.h"

namespace isrd::regen {

/// An answer that is passed on to one client only: its head as sent onward, and the exchange that
/// brings the rest.
struct Handoff {
  std::unique_ptr<net::OriginExchange> exchange;
  int status = 0;
  std::string head;  // status line and end-to-end fields
  http::Framing framing;
  bool whole = false;  // nothing follows the head
  std::string age;     // the Age field as it was received
};

class FlightReader;

class Flight : public std::enable_shared_from_this<Flight> {
 public:
  enum class State : std::uint8_t { pending, streaming, complete, released, failed };

  /// `workers` and `store` outlive the flight.
  Flight(const net::Workers& workers, store::Store& store);
  ~Flight();

  // Called by the leader, on its worker.
  void lead_on(net::Worker& worker) { leader_ = &worker; }
  void set_asked(std::uint64_t asked);
  void add_interim(std::string lines);
  /// The answer will be stored: `draft` is the entry without its body. `length` is what was
  /// announced, if it was.
  void begin_streaming(std::shared_ptr<const isr::Entry> draft,
                       std::optional<std::uint64_t> length);
  /// Memory to read the next bytes into; commit() makes the first `size` of it visible.
  std::span<char> room();
  void commit(std::size_t size);
  void append(std::string_view data);
  void notify();
  std::uint64_t size() const { return size_; }
  /// From now on only the readers that are there are fed; nothing is kept that all have read.
  void keep_window_only();
  /// Whether the store had no memory for the last block: the fill must not grow on.
  bool memory_refused() const { return memory_refused_; }
  /// Waits until the slowest reader is less than a window behind. False: nobody reads any more, or
  /// the worker stops.
  Task<bool> wait_for_readers();
  /// The whole body, for the entry; its memory is no longer the fill's.
  BodyChain take_body();
  void complete(isr::EntryPtr entry, isr::Windows windows, bool revalidated);
  void release(std::unique_ptr<Handoff> handoff, isr::Why why, std::vector<std::string> vary_names);
  /// `status`: of an answer that counts as a failure (5xx), or 0.
  void fail(net::OriginFault fault, int status);

  // Called from any worker.
  std::uint64_t asked() const;
  /// Whether a newcomer may still follow.
  bool may_follow() const;
  std::size_t reader_count() const;
  /// The one extra fetch that those whose wait expired may make. True for the first caller.
  bool take_extra();

 private:
  friend class FlightReader;
  struct PerWorker {
    std::vector<FlightReader*> readers;  // only on that worker's thread
    std::size_t count = 0;               // guarded by mutex_
    bool posted = false;                 // guarded by mutex_
  };
  void wake_readers(std::size_t worker);
  void drop_read_blocks();
  std::uint64_t slowest_reader() const;
  void release_memory();

  const net::Workers& workers_;
  store::Store& store_;
  net::Worker* leader_ = nullptr;

  // Only on the leader's worker.
  std::uint64_t size_ = 0;
  std::uint64_t reserved_bytes_ = 0;
  std::uint64_t announced_ = 0;
  bool memory_refused_ = false;
  std::shared_ptr<Block> block_;  // the block that grows
  std::size_t block_used_ = 0;
  net::WaitNode* waiting_for_readers_ = nullptr;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  State state_ = State::pending;
  std::uint64_t asked_ = 0;
  bool windowed_ = false;
  bool extra_taken_ = false;
  std::vector<std::string> interims_;
  std::shared_ptr<const isr::Entry> draft_;
  BodyChain chain_;            // what readers may see
  std::uint64_t dropped_ = 0;  // bytes in front of it that are gone (window)
  bool body_taken_ = false;
  isr::EntryPtr entry_;
  isr::Windows windows_;
  bool revalidated_ = false;
  std::unique_ptr<Handoff> handoff_;
  isr::Why released_why_ = isr::Why::none;
  std::vector<std::string> released_vary_;
  net::OriginFault fault_ = net::OriginFault::none;
  int failed_status_ = 0;
  std::vector<FlightReader*> positions_;  // all readers, for the window
  std::vector<PerWorker> per_worker_;
};

/// One who follows a flight, or led it. Lives in a session's coroutine; all calls on its worker.
class FlightReader {
 public:
  FlightReader(std::shared_ptr<Flight> flight, net::Worker& worker, bool is_leader);
  ~FlightReader();
  FlightReader(const FlightReader&) = delete;
  FlightReader& operator=(const FlightReader&) = delete;

  struct View {
    Flight::State state = Flight::State::pending;
    std::shared_ptr<const isr::Entry> draft;
    std::array<std::string_view, 16>
        parts;  // unread bytes; valid until consume() or the reader's end
    std::size_t part_count = 0;
    bool is_last = false;  // the parts end the body
    isr::EntryPtr entry;
    isr::Windows windows;
    bool revalidated = false;
    isr::Why why = isr::Why::none;
    std::vector<std::string> vary_names;
    net::OriginFault fault = net::OriginFault::none;
    int failed_status = 0;
    std::vector<std::string> interims;  // leader only; each is handed out once
  };
  View look();
  /// The bytes of the last view were passed on.
  void consume();
  /// Waits for news. `timeout` when there were none until the deadline.
  net::Wait news(net::LoopTime deadline);
  /// The leader's right to the exchange of a released flight; nullptr when there is none.
  std::unique_ptr<Handoff> take_handoff();
  Flight& flight() { return *flight_; }
  bool is_leader() const { return is_leader_; }
  std::uint64_t position() const { return position_; }

 private:
  friend class Flight;
  const std::shared_ptr<Flight> flight_;
  net::Worker& worker_;
  const bool is_leader_;
  std::uint64_t position_ = 0;  // guarded by the flight's mutex
  std::uint64_t viewed_ = 0;
  std::vector<std::shared_ptr<const Block>> held_;
  std::size_t interims_seen_ = 0;
  net::WaitNode* waiting_ = nullptr;
};

/// All flights that may be joined, by key and variant; sharded, any thread.
class FlightTable {
 public:
  FlightTable(const net::Workers& workers, store::Store& store)
      : workers_(workers), store_(store) {}
  /// How many may wait for one flight; the next is told so (security rule 28).
  void limit_waiters(std::uint64_t waiters) {
    waiters_max_.store(waiters, std::memory_order_relaxed);
  }

  enum class Role : std::uint8_t { lead, follow, full };
  struct Joined {
    Role role = Role::lead;
    std::shared_ptr<Flight> flight;
  };
  /// Joins the flight for `id`, or makes one that the caller leads. A flight that began before an
  /// invalidation of the key is not joined but replaced.
  Joined join(const Hash128& id, const isr::PrimaryKey& key);
  /// A flight outside the table: the extra fetch of those who could not wait.
  std::shared_ptr<Flight> alone() { return std::make_shared<Flight>(workers_, store_); }
  void finish(const Hash128& id, const Flight& flight);
  std::size_t size() const;

 private:
  static constexpr std::size_t shard_count = 32;
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<Hash128, std::shared_ptr<Flight>, Hash128Hasher>
        flights;  // guarded by mutex
  };
  const net::Workers& workers_;
  store::Store& store_;
  std::atomic<std::uint64_t> waiters_max_{1000};
  std::array<Shard, shard_count> shards_;
};

/// The id under which fetches of one key and variant are joined.
Hash128 flight_id(const isr::PrimaryKey& key, const Hash128& variant, std::uint64_t seed);

}  // namespace isrd::regen
