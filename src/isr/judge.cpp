// Judging is three questions in this order: does anything forbid storing, how long is the answer
// fresh, and how long may it be used after that. The two profiles share the first and answer the
// others differently.
#include "isr/judge.h"

#include <algorithm>
#include <string_view>

#include "http/cache_control.h"
#include "http/date.h"
#include "http/validators.h"

namespace isrd::isr {
namespace {

using http::CacheControl;
using http::FieldId;

/// How long an expired answer may paper over a broken origin when nobody said anything about it.
/// RFC 9111 section 4.2.4 allows a stale answer when the origin cannot be reached and sets no
/// limit; a day outlives most repairs.
constexpr Millis error_default = std::chrono::hours(24);

/// Security rule 24: an error page that was kept by rule or by heuristics hides a new page for this
/// long at most.
constexpr Millis error_page_fresh_max = std::chrono::seconds(60);

/// RFC 9111 section 4.2.2: the fraction of its age at Date that an answer is presumed to stay as it
/// is.
constexpr int heuristic_divisor = 10;

/// Expires minus Date can be longer than any delta-seconds; the same limit keeps the sums in range.
constexpr Seconds lifetime_max = Seconds(std::int64_t{1} << 31);

/// What the rules look at, read once from the fields.
struct Answer {
  int status = 0;
  CacheControl stated;   // what the origin said, by the targeted field or by Cache-Control
  CacheControl control;  // the same as far as it counts: nothing where the operator overrules it
  std::optional<Seconds> lifetime;  // the explicit one, never negative; nullopt: none that counts
  std::optional<http::Date> last_modified;
  http::Date date;         // of receipt when the field is absent or invalid
  Millis age{0};           // corrected_age_value of RFC 9111 section 4.2.3
  bool validator = false;  // a later request can ask whether the answer is still good
  bool set_cookie = false;
  http::VaryRule vary;
};

struct Windows {
  Millis stale{0};
  Millis error{0};
  bool error_stated = false;  // by the origin or the operator, not by default
};

/// The first line of a field: of two Expires the first counts (RFC 9111 section 4.2.1).
const http::Field* first(std::span<const http::Field> fields, FieldId id) {
  const auto field =
      std::find_if(fields.begin(), fields.end(), [&](const http::Field& f) { return f.id == id; });
  return field == fields.end() ? nullptr : &*field;
}

/// corrected_age_value = age_value + response_delay (section 4.2.3), age_value the first member of
/// Age (section 5.1). apparent_age is left out on
/// purpose: it compares the origin's clock with ours, so that a clock that is some seconds slow
/// would take freshness away from every answer, while an answer that really was stored on its way
/// here says so by Age.
Millis corrected_age(std::span<const http::Field> fields, Millis delay) {
  Seconds age{0};
  bool is_first = true;
  for (const http::Field& field : fields) {
    if (field.id != FieldId::age) continue;
    http::for_each_member(field.value, [&](std::string_view member) {
      if (is_first) age = http::parse_delta_seconds(member).value_or(Seconds(0));
      is_first = false;
    });
  }
  return age + std::max(delay, Millis(0));
}

/// The explicit lifetime of section 4.2.1: s-maxage, else max-age, else Expires minus Date whatever
/// our clock says.
std::optional<Seconds> explicit_lifetime(const CacheControl& control, const http::Field* expires,
                                         http::Date date, http::Date now) {
  if (control.invalid_freshness) return Seconds(0);
  if (control.s_maxage) return control.s_maxage;
  if (control.max_age) return control.max_age;
  if (!expires) return std::nullopt;
  const auto until = http::parse_date(expires->value, now);
  if (!until) return Seconds(0);  // section 5.3: an invalid date, "0" above all, has already passed
  return std::clamp(*until - date, Seconds(0), lifetime_max);
}

Answer read_answer(int status, std::span<const http::Field> fields, const Policy& policy,
                   WallTime received, Millis delay) {
  Answer answer;
  const auto now = std::chrono::floor<Seconds>(received);
  answer.status = status;
  // RFC 9213 section 2.2: a targeted field decides alone, Cache-Control and Expires are then
  // ignored.
  auto targeted = http::parse_targeted_cache_control(fields);
  const http::Field* expires = targeted ? nullptr : first(fields, FieldId::expires);
  answer.stated = targeted ? std::move(*targeted) : http::parse_cache_control(fields);
  const http::Field* date = first(fields, FieldId::date);
  answer.date = (date ? http::parse_date(date->value, now) : std::nullopt).value_or(now);
  if (!policy.is_isr() || !policy.overrides.cache_control) {
    answer.control = answer.stated;
    answer.lifetime = explicit_lifetime(answer.control, expires, answer.date, now);
  }
  const http::Field* last_modified = first(fields, FieldId::last_modified);
  if (last_modified) answer.last_modified = http::parse_date(last_modified->value, now);
  const http::Field* etag = first(fields, FieldId::etag);
  answer.validator = answer.last_modified || (etag && http::is_etag(etag->value));
  answer.set_cookie = first(fields, FieldId::set_cookie) != nullptr;
  answer.age = corrected_age(fields, delay);
  if (!policy.overrides.vary) answer.vary = http::parse_vary(fields);
  return answer;
}

/// Statuses that no directive makes storable. RFC 6585 forbids 428, 429, 431 and 511 outright; 412,
/// 416 and 417 speak about one request's own condition, range or expectation, and kept under the
/// URL they would answer everybody.
bool never_storable(int status) {
  switch (status) {
    case 304:
    case 412:
    case 416:
    case 417:
    case 428:
    case 429:
    case 431:
    case 511:
      return true;
    default:
      return status < 200 || status > 599;
  }
}

/// The statuses of RFC 9110 section 15 whose caching rules are implemented here: what
/// must-understand asks.
bool understood(int status) {
  return (status >= 200 && status <= 205) || (status >= 300 && status <= 303) || status == 307 ||
         status == 308 || (status >= 400 && status <= 417) || status == 421 || status == 422 ||
         status == 426 || (status >= 500 && status <= 505);
}

/// RFC 9110 section 15.1, without 206.
bool heuristically_cacheable(int status) {
  switch (status) {
    case 200:
    case 203:
    case 204:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 501:
      return true;
    default:
      return false;
  }
}

/// What an ISR route's `fresh` may be given to (security rule 24).
bool storable_by_rule(int status) {
  switch (status) {
    case 200:
    case 203:
    case 301:
    case 308:
    case 404:
    case 410:
      return true;
    default:
      return false;
  }
}

/// The four statuses with which RFC 5861 section 4 means an origin that fails.
bool is_failure(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

bool withholds(const CacheControl& control, std::string_view name) {
  const auto& names = control.withheld_fields;
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What forbids storing, whatever the lifetime; Why::none when nothing does (RFC 9111 section 3).
Why refusal(const Answer& answer, const RequestFacts& request, const Policy& policy) {
  const CacheControl& control = answer.control;
  if (answer.status == 206) return Why::partial;
  if (never_storable(answer.status)) return Why::status_not_storable;
  // Section 5.2.2.3: must-understand speaks to caches that know the status, and no-store next to it
  // to all others.
  if (control.must_understand && !understood(answer.status)) return Why::not_understood;
  if (control.no_store && !control.must_understand) return Why::no_store;
  if (control.is_private) return Why::private_response;
  if (policy.is_isr() && control.no_cache) return Why::no_cache;
  // Section 3.5. The operator has no override for this, so that it is the origin's own word that
  // counts.
  const CacheControl& stated = answer.stated;
  const bool permitted = stated.is_public || stated.must_revalidate || stated.s_maxage;
  if (request.authorization && !permitted) return Why::authorization_response;
  // A Set-Cookie that a qualified directive withholds is not stored with the answer, which may then
  // be kept.
  if (answer.set_cookie && !policy.overrides.set_cookie && !withholds(stated, "set-cookie")) {
    return Why::set_cookie;
  }
  if (answer.vary.any) return Why::vary_any;
  return Why::none;
}

/// How long the origin's word lets a stale answer be used in case of failure, counted from where it
/// stops being served while it is regenerated. RFC 5861 section 4 counts stale-if-error from the
/// moment the answer is stale.
std::optional<Millis> stated_error(const CacheControl& control, Millis stale) {
  if (!control.stale_if_error) return std::nullopt;
  return std::max(Millis(*control.stale_if_error) - stale, Millis(0));
}

/// The windows by the headers. s-maxage implies proxy-revalidate (section 5.2.2.10), but an
/// explicit permission next to it holds; next to must-revalidate, proxy-revalidate or no-cache it
/// does not.
Windows windows_by_headers(const Answer& answer, const Policy& policy) {
  Windows windows;
  const CacheControl& control = answer.control;
  if (control.must_revalidate || control.proxy_revalidate || control.no_cache) return windows;
  windows.stale = control.stale_while_revalidate.value_or(Seconds(0));
  // A stored error does not paper over another one.
  if (answer.status >= 500) return windows;
  const auto stated = stated_error(control, windows.stale);
  const auto& wanted = policy.windows.error;
  windows.error_stated = stated || wanted;
  if (stated) {
    windows.error = std::min(*stated, wanted.value_or(*stated));
  } else if (!control.s_maxage) {
    windows.error = wanted.value_or(error_default);
  }
  return windows;
}

/// The windows of an ISR route: the operator's, which are the contract of RFC 9111 section 4.2.4,
/// else the origin's. No contract stands against must-revalidate and proxy-revalidate; s-maxage
/// alone leaves the operator's own windows.
Windows windows_by_rule(const Answer& answer, const Policy& policy) {
  Windows windows;
  const CacheControl& control = answer.control;
  if (control.must_revalidate || control.proxy_revalidate || control.no_cache) return windows;
  const Millis offered = control.stale_while_revalidate.value_or(Seconds(0));
  // A stored error is not kept alive by rule: only the origin itself can say that it may be served
  // stale.
  if (answer.status >= 500) {
    windows.stale = offered;
    return windows;
  }
  windows.stale = policy.windows.stale.value_or(offered);
  const auto stated = stated_error(control, windows.stale);
  windows.error_stated = policy.windows.error || stated;
  if (policy.windows.error) {
    windows.error = *policy.windows.error;
  } else if (stated) {
    windows.error = *stated;
  } else if (!control.s_maxage) {
    windows.error = error_default;
  }
  return windows;
}

/// A lifetime that was found, or why there is none.
struct Freshness {
  bool found = false;
  Why why = Why::none;
  Millis fresh_for{0};
};

Freshness none_because(Why why) { return {false, why, Millis(0)}; }

Millis heuristic_lifetime(const Answer& answer) {
  if (!answer.last_modified || *answer.last_modified >= answer.date) return Millis(0);
  const Millis lifetime = Millis(answer.date - *answer.last_modified) / heuristic_divisor;
  return answer.status >= 400 ? std::min(lifetime, error_page_fresh_max) : lifetime;
}

/// The RFC profile: the origin's lifetime, else heuristics for those statuses that allow them.
Freshness freshness_by_headers(const Answer& answer, const RequestFacts& request) {
  if (answer.lifetime) return {true, Why::fresh_headers, *answer.lifetime - answer.age};
  if (is_failure(answer.status)) return none_because(Why::server_error);
  if (!heuristically_cacheable(answer.status) && !answer.control.is_public) {
    return none_because(answer.status >= 500 ? Why::server_error : Why::status_not_storable);
  }
  // An answer to a request with cookies about which the origin says nothing may be one person's:
  // neither is its lifetime guessed, nor is it kept to be validated for somebody else (security
  // rule 22).
  if (request.cookie || !answer.validator) return none_because(Why::no_freshness);
  const Millis lifetime = heuristic_lifetime(answer);
  if (lifetime == Millis(0) && answer.status >= 500) return none_because(Why::server_error);
  return {true, lifetime > Millis(0) ? Why::fresh_heuristic : Why::validate_each_use,
          lifetime - answer.age};
}

/// An ISR route: the origin's lifetime, else the rule's. A rule counts from the birth of the entry:
/// neither the Age of a cache on the way nor a slow page shortens it, since an entry that is born
/// stale would be regenerated without end.
Freshness freshness_by_rule(const Answer& answer, const Policy& policy) {
  if (answer.lifetime) {
    if (*answer.lifetime <= Seconds(0)) return none_because(Why::zero_age);
    return {true, Why::fresh_headers, *answer.lifetime - answer.age};
  }
  if (answer.status >= 500) return none_because(Why::server_error);
  if (!storable_by_rule(answer.status)) return none_because(Why::status_not_storable);
  const Millis fresh = *policy.windows.fresh;
  return {true, Why::fresh_rule,
          answer.status >= 400 ? std::min(fresh, error_page_fresh_max) : fresh};
}

/// Whether an entry would ever be of use. The default error window alone is no reason to keep an
/// answer that is born stale and that nobody can validate.
bool of_use(const Answer& answer, const Lifetime& lifetime, const Windows& windows) {
  if (answer.validator) return true;
  if (lifetime.must_validate) return false;
  const Millis stated_error_for = windows.error_stated ? windows.error : Millis(0);
  return lifetime.fresh_for > Millis(0) ||
         lifetime.fresh_for + lifetime.stale_for + stated_error_for > Millis(0);
}

}  // namespace

Judgement judge(int status, std::span<const http::Field> fields, const RequestFacts& request,
                const Policy& policy, WallTime received, Millis delay) {
  Answer answer = read_answer(status, fields, policy, received, delay);
  Judgement judgement;
  judgement.initial_age = std::chrono::floor<Seconds>(answer.age);
  judgement.why = refusal(answer, request, policy);
  if (judgement.why != Why::none) return judgement;

  const Freshness freshness =
      policy.is_isr() ? freshness_by_rule(answer, policy) : freshness_by_headers(answer, request);
  judgement.why = freshness.why;
  if (!freshness.found) return judgement;

  const Windows windows =
      policy.is_isr() ? windows_by_rule(answer, policy) : windows_by_headers(answer, policy);
  Lifetime& lifetime = judgement.lifetime;
  lifetime = {freshness.fresh_for, windows.stale, windows.error, answer.control.no_cache};
  if (!of_use(answer, lifetime, windows)) {
    judgement.why = lifetime.must_validate ? Why::no_cache : Why::zero_age;
    lifetime = {};
    return judgement;
  }
  if (lifetime.must_validate || lifetime.fresh_for + lifetime.stale_for <= Millis(0)) {
    judgement.why = Why::validate_each_use;
  }
  judgement.store = true;
  judgement.vary = std::move(answer.vary);
  judgement.strip_set_cookie = answer.set_cookie;
  judgement.withheld_fields = std::move(answer.stated.withheld_fields);
  return judgement;
}

Lifetime lifetime_of(int status, std::span<const http::Field> fields, const RequestFacts& request,
                     const Policy& policy, WallTime received, Millis delay) {
  const Judgement judgement = judge(status, fields, request, policy, received, delay);
  if (judgement.store) return judgement.lifetime;
  // What would not be stored today is not served today, in no window, unless the origin vouches for
  // it each time.
  return {Millis(0), Millis(0), Millis(0), true};
}

}  // namespace isrd::isr
