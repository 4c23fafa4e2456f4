#include "regen/flight.h"

#include <algorithm>
#include <cstring>

namespace isrd::regen {
namespace {

constexpr std::uint64_t window_bytes = 256 * 1024;  // security rule 36
constexpr std::size_t first_block_bytes = 16 * 1024;
constexpr std::size_t block_bytes_max = 256 * 1024;

}  // namespace

Flight::Flight(const net::Workers& workers, store::Store& store)
    : workers_(workers), store_(store), per_worker_(workers.size()) {}

Flight::~Flight() { release_memory(); }

void Flight::release_memory() {
  if (reserved_bytes_ > 0) store_.release_fill(std::exchange(reserved_bytes_, 0));
}

void Flight::set_asked(std::uint64_t asked) {
  std::lock_guard lock(mutex_);
  asked_ = asked;
}

std::uint64_t Flight::asked() const {
  std::lock_guard lock(mutex_);
  return asked_;
}

bool Flight::may_follow() const {
  std::lock_guard lock(mutex_);
  return (state_ == State::pending || state_ == State::streaming) && !windowed_;
}

std::size_t Flight::reader_count() const {
  std::lock_guard lock(mutex_);
  return positions_.size();
}

bool Flight::take_extra() {
  std::lock_guard lock(mutex_);
  return !std::exchange(extra_taken_, true);
}

void Flight::add_interim(std::string lines) {
  {
    std::lock_guard lock(mutex_);
    interims_.push_back(std::move(lines));
  }
  notify();
}

void Flight::begin_streaming(std::shared_ptr<const isr::Entry> draft,
                             std::optional<std::uint64_t> length) {
  announced_ = length.value_or(0);
  {
    std::lock_guard lock(mutex_);
    draft_ = std::move(draft);
    state_ = State::streaming;
  }
  notify();
}

std::span<char> Flight::room() {
  if (!block_ || block_used_ == block_->capacity()) {
    std::size_t capacity;
    if (announced_ > size_) {
      capacity = static_cast<std::size_t>(
          std::min<std::uint64_t>(announced_ - size_, 4 * block_bytes_max));
    } else {
      capacity = block_ ? std::min(block_->capacity() * 2, block_bytes_max) : first_block_bytes;
    }
    block_ = std::make_shared<Block>(capacity);
    block_used_ = 0;
    reserved_bytes_ += capacity;
    if (!store_.reserve_fill(capacity)) memory_refused_ = true;
  }
  return {block_->data() + block_used_, block_->capacity() - block_used_};
}

void Flight::commit(std::size_t size) {
  size_ += size;
  std::lock_guard lock(mutex_);
  if (block_used_ == 0) chain_.extents.push_back({block_, 0});
  block_used_ += size;
  chain_.extents.back().size = block_used_;
  chain_.size += size;
}

void Flight::append(std::string_view data) {
  while (!data.empty()) {
    const std::span<char> free = room();
    const std::size_t size = std::min(free.size(), data.size());
    std::memcpy(free.data(), data.data(), size);
    commit(size);
    data.remove_prefix(size);
  }
}

void Flight::notify() {
  const std::size_t own = leader_->index();
  bool wake_own = false;
  {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < per_worker_.size(); ++i) {
      PerWorker& there = per_worker_[i];
      if (there.count == 0 || there.posted) continue;
      if (i == own) {
        wake_own = true;
        continue;
      }
      there.posted = true;
      workers_[i]->post([self = shared_from_this(), i] {
        {
          std::lock_guard inner(self->mutex_);
          self->per_worker_[i].posted = false;
        }
        self->wake_readers(i);
      });
    }
  }
  if (wake_own) wake_readers(own);
}

void Flight::wake_readers(std::size_t worker) {
  for (FlightReader* reader : per_worker_[worker].readers) {
    net::wake_slot(*workers_[worker], reader->waiting_, net::Wake::ready);
  }
}

void Flight::keep_window_only() {
  std::lock_guard lock(mutex_);
  windowed_ = true;
}

/// Caller holds the mutex.
std::uint64_t Flight::slowest_reader() const {
  std::uint64_t slowest = ~0ull;
  for (const FlightReader* reader : positions_) slowest = std::min(slowest, reader->position_);
  return slowest;
}

/// Caller holds the mutex.
void Flight::drop_read_blocks() {
  const std::uint64_t slowest = slowest_reader();
  while (chain_.extents.size() > 1 && dropped_ + chain_.extents.front().size <= slowest) {
    dropped_ += chain_.extents.front().size;
    const std::uint64_t freed = chain_.extents.front().block->capacity();
    chain_.extents.erase(chain_.extents.begin());
    reserved_bytes_ -= freed;
    store_.release_fill(freed);
  }
}

Task<bool> Flight::wait_for_readers() {
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (positions_.empty()) co_return false;
      drop_read_blocks();
      if (size_ - std::min(slowest_reader(), size_) < window_bytes) co_return true;
    }
    // A reader that stops reading is ended by its own write deadline, which takes it off the list.
    const net::LoopTime deadline = leader_->loop_time() + std::chrono::seconds(1);
    const net::Wake wake = co_await net::Wait(*leader_, waiting_for_readers_, deadline);
    if (wake == net::Wake::cancelled) co_return false;
  }
}

BodyChain Flight::take_body() {
  BodyChain body;
  {
    std::lock_guard lock(mutex_);
    body = chain_;
    body_taken_ = true;
  }
  // The slack of a block of unknown length is not kept for the life of the entry.
  const bool slack = block_ && block_->capacity() > block_used_ + block_used_ / 8 + 256;
  if (slack || body.extents.size() > 16) {
    auto whole = std::make_shared<Block>(static_cast<std::size_t>(body.size));
    std::size_t at = 0;
    for (const Extent& extent : body.extents) {
      std::memcpy(whole->data() + at, extent.block->data(), extent.size);
      at += extent.size;
    }
    body.extents.clear();
    if (body.size > 0)
      body.extents.push_back({std::move(whole), static_cast<std::size_t>(body.size)});
    // Readers go on from the copy; the blocks they hold at this moment live until they look again.
    std::lock_guard lock(mutex_);
    chain_ = body;
  }
  release_memory();
  return body;
}

void Flight::complete(isr::EntryPtr entry, isr::Windows windows, bool revalidated) {
  {
    std::lock_guard lock(mutex_);
    state_ = State::complete;
    entry_ = std::move(entry);
    windows_ = windows;
    revalidated_ = revalidated;
  }
  notify();
}

void Flight::release(std::unique_ptr<Handoff> handoff, isr::Why why,
                     std::vector<std::string> vary_names) {
  {
    std::lock_guard lock(mutex_);
    state_ = State::released;
    // Without a leader to take it the exchange ends here, on the worker that it belongs to.
    const bool wanted = std::any_of(positions_.begin(), positions_.end(),
                                    [](const FlightReader* reader) { return reader->is_leader_; });
    if (wanted) handoff_ = std::move(handoff);
    released_why_ = why;
    released_vary_ = std::move(vary_names);
  }
  notify();
}

void Flight::fail(net::OriginFault fault, int status) {
  {
    std::lock_guard lock(mutex_);
    state_ = State::failed;
    fault_ = fault;
    failed_status_ = status;
  }
  notify();
}

FlightReader::FlightReader(std::shared_ptr<Flight> flight, net::Worker& worker, bool is_leader)
    : flight_(std::move(flight)), worker_(worker), is_leader_(is_leader) {
  std::lock_guard lock(flight_->mutex_);
  Flight::PerWorker& here = flight_->per_worker_[worker.index()];
  here.readers.push_back(this);
  ++here.count;
  flight_->positions_.push_back(this);
}

FlightReader::~FlightReader() {
  bool windowed;
  std::unique_ptr<Handoff> unwanted;
  {
    std::lock_guard lock(flight_->mutex_);
    Flight::PerWorker& here = flight_->per_worker_[worker_.index()];
    std::erase(here.readers, this);
    --here.count;
    std::erase(flight_->positions_, this);
    windowed = flight_->windowed_;
    // The exchange belongs to this worker; nobody else may end it.
    if (is_leader_) unwanted = std::move(flight_->handoff_);
  }
  if (windowed) {
    flight_->leader_->post([flight = flight_] {
      net::wake_slot(*flight->leader_, flight->waiting_for_readers_, net::Wake::ready);
    });
  }
}

FlightReader::View FlightReader::look() {
  View view;
  held_.clear();
  std::lock_guard lock(flight_->mutex_);
  view.state = flight_->state_;
  view.draft = flight_->draft_;
  view.entry = flight_->entry_;
  view.windows = flight_->windows_;
  view.revalidated = flight_->revalidated_;
  view.why = flight_->released_why_;
  view.vary_names = flight_->released_vary_;
  view.fault = flight_->fault_;
  view.failed_status = flight_->failed_status_;
  if (is_leader_) {
    view.interims.assign(flight_->interims_.begin() + static_cast<std::ptrdiff_t>(interims_seen_),
                         flight_->interims_.end());
    interims_seen_ = flight_->interims_.size();
  }
  std::uint64_t at = flight_->dropped_;
  viewed_ = 0;
  if (position_ < at) {
    // It came after the window had moved on: the begin is gone.
    view.state = Flight::State::failed;
    return view;
  }
  for (const Extent& extent : flight_->chain_.extents) {
    if (at + extent.size > position_ && view.part_count < view.parts.size()) {
      const std::size_t skip = static_cast<std::size_t>(position_ > at ? position_ - at : 0);
      view.parts[view.part_count++] = extent.view().substr(skip);
      held_.push_back(extent.block);
      viewed_ += extent.size - skip;
    }
    at += extent.size;
  }
  view.is_last = view.state == Flight::State::complete && position_ + viewed_ == at;
  return view;
}

void FlightReader::consume() {
  bool windowed;
  {
    std::lock_guard lock(flight_->mutex_);
    position_ += std::exchange(viewed_, 0);
    windowed = flight_->windowed_;
  }
  if (!windowed) return;
  if (flight_->leader_ == &worker_) {
    net::wake_slot(worker_, flight_->waiting_for_readers_, net::Wake::ready);
    return;
  }
  flight_->leader_->post([flight = flight_] {
    net::wake_slot(*flight->leader_, flight->waiting_for_readers_, net::Wake::ready);
  });
}

net::Wait FlightReader::news(net::LoopTime deadline) {
  return net::Wait(worker_, waiting_, deadline);
}

std::unique_ptr<Handoff> FlightReader::take_handoff() {
  if (!is_leader_) return nullptr;
  std::lock_guard lock(flight_->mutex_);
  return std::move(flight_->handoff_);
}

FlightTable::Joined FlightTable::join(const Hash128& id, const isr::PrimaryKey& key) {
  Shard& shard = shards_[id.high % shard_count];
  std::lock_guard lock(shard.mutex);
  std::shared_ptr<Flight>& flight = shard.flights[id];
  if (flight && flight->may_follow()) {
    // The leader is a reader too.
    if (flight->reader_count() > waiters_max_.load(std::memory_order_relaxed))
      return {Role::full, flight};
    const std::uint64_t asked = flight->asked();
    if (asked == 0 || !store_.invalidated_since(asked, key)) return {Role::follow, flight};
  }
  flight = std::make_shared<Flight>(workers_, store_);
  return {Role::lead, flight};
}

void FlightTable::finish(const Hash128& id, const Flight& flight) {
  Shard& shard = shards_[id.high % shard_count];
  std::shared_ptr<Flight> last;  // destroyed after the lock
  std::lock_guard lock(shard.mutex);
  const auto found = shard.flights.find(id);
  if (found == shard.flights.end() || found->second.get() != &flight) return;
  last = std::move(found->second);
  shard.flights.erase(found);
}

std::size_t FlightTable::size() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    sum += shard.flights.size();
  }
  return sum;
}

Hash128 flight_id(const isr::PrimaryKey& key, const Hash128& variant, std::uint64_t seed) {
  const Hash128 text = hash128(key.text, seed + 1);
  return {text.low ^ variant.low, text.high ^ variant.high};
}

}  // namespace isrd::regen
