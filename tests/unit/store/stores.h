// A memory store with what tests ask of it in one call.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"
#include "unit/isr/entries.h"

namespace isrd::store {

using isr::EntryPtr;
using isr::Invalidation;
using isr::Mode;
using isr::Page;
using isr::Selector;
using isr::Windows;

inline constexpr MonoTime test_now{std::chrono::hours(1)};

inline std::unique_ptr<Store> make_store(std::uint64_t bytes = 64 << 20,
                                         std::uint64_t object_bytes = 64 << 20) {
  StoreOptions options;
  options.memory_bytes = bytes;
  return make_memory_store(options, object_bytes);
}

/// Fresh for a minute, then servable stale for another, then for errors.
inline Windows usual_windows() {
  using namespace std::chrono_literals;
  return isr::windows_from({60s, 60s, 60s}, test_now, 1);
}

/// A fetch from begin to publication; `entry`, when given, receives what was published.
inline Published publish(Store& store, Page page, EntryPtr* entry = nullptr,
                         const Windows& windows = usual_windows()) {
  const FetchTicket ticket = store.begin_fetch();
  page.asked = ticket.sequence();
  EntryPtr made = isr::make_entry(page, store.seed());
  if (entry) *entry = made;
  return store.publish(std::move(made), windows);
}

/// The publication of a fetch that began when `ticket` was drawn.
inline Published publish_for(Store& store, const FetchTicket& ticket, Page page) {
  page.asked = ticket.sequence();
  return store.publish(isr::make_entry(page, store.seed()), usual_windows());
}

inline Found find(Store& store, const Page& page, const http::Lines& request = {}) {
  std::string buffer;
  const isr::PrimaryKey key =
      isr::make_key(page.scheme, page.site, page.host, page.target, store.seed(), buffer);
  return store.find(key, http::make_fields(request), test_now);
}

inline bool holds(Store& store, const Page& page, const http::Lines& request = {}) {
  return find(store, page, request).kind == Found::Kind::found;
}

/// The body that a request gets, "" for none.
inline std::string body_for(Store& store, const Page& page, const http::Lines& request = {}) {
  const Found found = find(store, page, request);
  return found.entry ? isr::body_text(*found.entry) : "";
}

inline Selector url_selector(std::string_view url) {
  Selector selector;
  EXPECT_TRUE(isr::parse_selector(url, Selector::Kind::url, selector));
  return selector;
}

inline Selector prefix_selector(std::string_view url) {
  Selector selector;
  EXPECT_TRUE(isr::parse_selector(url, Selector::Kind::prefix, selector));
  return selector;
}

inline std::size_t invalidate(Store& store, const Selector& selector, Mode mode) {
  return store.invalidate(selector, mode, test_now).entries.size();
}

inline Page page_of(std::string target, std::string body = "hello") {
  Page page;
  page.target = std::move(target);
  page.body = std::move(body);
  return page;
}

}  // namespace isrd::store
