// Replies: the fields that belong to one response only (Age, Cache-Status, X-Cache), answers from
// an entry, and the small pages that isrd makes itself.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.h"
#include "http/head.h"
#include "isr/entry.h"
#include "net/origin.h"
#include "net/server.h"

namespace isrd::serve {

/// Room for the dynamic fields of one response; on the stack, never allocated.
class DynamicFields {
 public:
  void add(std::string_view text);
  void add_number(std::int64_t number);
  std::string_view view() const { return {buffer_, size_}; }

 private:
  char buffer_[512];
  std::size_t size_ = 0;
};

/// How a response came about, for Cache-Status and X-Cache.
struct Provenance {
  Outcome outcome = Outcome::miss;
  isr::Why why = isr::Why::none;
  bool hit = false;      // answered from the store
  Seconds ttl{0};        // of a hit: what remains, negative when stale
  std::string_view fwd;  // else: why it was forwarded (RFC 9211 section 2.2)
  int fwd_status = 0;
  bool stored = false;
  bool collapsed = false;
};

void append_provenance(const Provenance& provenance, DynamicFields& out);

/// Answers with an entry: 200 (or its status), 304, 206 or 416, with or without body, as the
/// request's own conditions and range say (RFC 9110 sections 13 and 14). Allocates nothing for
/// whole answers.
void reply_with_entry(const http::RequestHead& request, isr::EntryPtr entry,
                      const Provenance& provenance, const Now& now, net::ResponseSink& sink);

/// Whether the request's conditions are met by these validators, so that a 304 answers it.
bool is_not_modified(const http::RequestHead& request, const isr::Entry& entry, const Now& now);

/// A small plain page. `extra` are further field lines.
void reply_with_error(int status, const Provenance& provenance, std::string_view extra, bool close,
                      const http::RequestHead& request, const Now& now, net::ResponseSink& sink);

/// A body that isrd made itself, e.g. JSON.
void reply_with_text(int status, std::string_view content_type, std::string_view text,
                     const http::RequestHead& request, const Now& now, net::ResponseSink& sink);

}  // namespace isrd::serve
