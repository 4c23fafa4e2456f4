#include "admin/invalidate_body.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace isrd::admin {
namespace {

using isr::Selector;

constexpr std::array modes = {isr::Mode::refresh, isr::Mode::expire, isr::Mode::purge};

/// Collects what both forms of a body have in common.
class Collector {
 public:
  InvalidateBody body;

  bool refuse(int status, std::string_view code, std::string message) {
    body.refusal = Refusal{status, code, std::move(message)};
    return false;
  }
  bool set_mode(std::string_view word) {
    const auto found = std::ranges::find(modes, word, spell);
    if (found == modes.end())
      return refuse(400, "bad_mode", escape(word) + " is no mode; write refresh, expire or purge");
    body.mode = *found;
    return true;
  }
  bool set_site(std::string_view name) {
    if (name.empty()) return refuse(400, "bad_body", "the name of the site is empty");
    body.site = name;
    return true;
  }
  void bad_item(ItemError error) {
    if (body.item_errors.size() < item_errors_max) {
      body.item_errors.push_back(std::move(error));
    } else {
      ++body.item_errors_omitted;
    }
  }
  bool add(std::string_view list, std::size_t item, Selector::Kind kind, std::string_view text) {
    Selector selector;
    if (text.size() > item_bytes_max || !isr::parse_selector(text, kind, selector)) {
      bad_item({list, item, "bad_selector",
                escape(text) + " is no URL; write http://host/path, host/path or /path"});
      return true;
    }
    return add(std::move(selector));
  }
  bool add(Selector selector) {
    if (body.selectors.size() == selectors_max) {
      return refuse(413, "too_many_items",
                    fmt::format("more than {} items; divide them over calls", selectors_max));
    }
    body.selectors.push_back(std::move(selector));
    return true;
  }
};

/// The members of the body, and how each is read.
struct Member {
  enum class Form : std::uint8_t { mode, site, wait, all, urls, prefixes, later };
  std::string_view name;
  Form form;
  bool is_list() const {
    return form == Form::urls || form == Form::prefixes || form == Form::later;
  }
};

constexpr std::array members = {
    Member{"mode", Member::Form::mode},     Member{"site", Member::Form::site},
    Member{"wait", Member::Form::wait},     Member{"all", Member::Form::all},
    Member{"urls", Member::Form::urls},     Member{"prefixes", Member::Form::prefixes},
    Member{"tags", Member::Form::later},    Member{"globs", Member::Form::later},
    Member{"regexes", Member::Form::later}, Member{"keys", Member::Form::later},
    Member{"hosts", Member::Form::later},   Member{"routes", Member::Form::later},
    Member{"builds", Member::Form::later},
};

/// What nlohmann's parser calls while it reads; false ends the reading.
class JsonReader {
 public:
  explicit JsonReader(Collector& collector) : collector_(collector) {}

  bool null() { return in_list_ ? bad_item() : inside(); }  // a member that is null is absent
  bool boolean(bool value) {
    if (in_list_) return bad_item();
    if (!inside()) return false;
    if (member_->form != Member::Form::all) return wrong_type();
    return !value || collector_.add(Selector{});
  }
  bool number_integer(std::int64_t) { return number(); }
  bool number_unsigned(std::uint64_t) { return number(); }
  bool number_float(double, const std::string&) { return number(); }
  bool string(std::string& text) {
    if (in_list_) return list_item(text);
    if (!inside()) return false;
    switch (member_->form) {
      case Member::Form::mode:
        return collector_.set_mode(text);
      case Member::Form::site:
        return collector_.set_site(text);
      case Member::Form::wait:
        // Selectors are applied before the answer, which is more than either word asks for.
        if (text == "accepted" || text == "applied") return true;
        return collector_.refuse(400, "bad_body", "wait is accepted or applied");
      case Member::Form::all:
      case Member::Form::urls:
      case Member::Form::prefixes:
      case Member::Form::later:
        return wrong_type();
    }
    return false;
  }
  bool binary(std::vector<std::uint8_t>&) { return number(); }
  bool start_object(std::size_t) {
    if (in_list_ || in_object_) return wrong_type();
    return in_object_ = true;
  }
  bool key(std::string& name) {
    const auto found = std::ranges::find(members, name, &Member::name);
    if (found == members.end())
      return collector_.refuse(400, "unknown_member", escape(name) + " is no member of this body");
    member_ = &*found;
    bool& seen = seen_[static_cast<std::size_t>(found - members.begin())];
    if (seen) return collector_.refuse(400, "bad_body", name + " stands there twice");
    return seen = true;
  }
  bool end_object() { return true; }
  bool start_array(std::size_t) {
    if (in_list_ || !inside() || !member_->is_list()) return wrong_type();
    item_ = 0;
    return in_list_ = true;
  }
  bool end_array() {
    in_list_ = false;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return collector_.refuse(400, "bad_json", fmt::format("no JSON at byte {}", position));
  }

 private:
  bool inside() { return in_object_ || wrong_type(); }
  bool wrong_type() {
    if (!in_object_) return collector_.refuse(400, "bad_body", "the body is a JSON object");
    const std::string name(member_ != nullptr ? member_->name : "");
    return collector_.refuse(400, "bad_body", name + " has a value of another type than it takes");
  }
  bool number() { return in_list_ ? bad_item() : wrong_type(); }
  bool not_yet() {
    return collector_.refuse(
        400, "not_yet",
        std::string(member_->name) +
            " come with a later version of isrd; it has urls, prefixes and all");
  }
  bool bad_item() {
    if (member_->form == Member::Form::later) return not_yet();
    collector_.bad_item({member_->name, item_++, "bad_selector", "is no string"});
    return true;
  }
  bool list_item(const std::string& text) {
    if (member_->form == Member::Form::later) return not_yet();
    const auto kind =
        member_->form == Member::Form::urls ? Selector::Kind::url : Selector::Kind::prefix;
    return collector_.add(member_->name, item_++, kind, text);
  }

  Collector& collector_;
  const Member* member_ = nullptr;
  std::array<bool, members.size()> seen_{};
  std::size_t item_ = 0;
  bool in_object_ = false;
  bool in_list_ = false;
};

/// Reads mode and site from a query; every value is a plain word, so that nothing is decoded.
bool read_query(std::string_view query, Collector& collector) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.starts_with("mode=")) {
      if (!collector.set_mode(pair.substr(5))) return false;
    } else if (pair.starts_with("site=")) {
      if (!collector.set_site(pair.substr(5))) return false;
    } else if (!pair.empty()) {
      return collector.refuse(400, "bad_query", "the query has mode and site and nothing else");
    }
  }
  return true;
}

bool read_line(std::string_view line, std::size_t number, Collector& collector) {
  const auto bad = [&](std::string_view code, std::string message) {
    collector.bad_item({"", number, code, std::move(message)});
    return true;
  };
  if (line.size() > item_bytes_max)
    return bad("bad_item", fmt::format("the line has more than {} bytes", item_bytes_max));
  const auto value = nlohmann::json::parse(line, nullptr, false);
  if (!value.is_object() || value.size() != 1 || !value.begin()->is_string())
    return bad("bad_item", R"(the line is not {"url":"..."} or {"prefix":"..."})");
  const auto& text = value.begin()->get_ref<const std::string&>();
  const std::string& name = value.begin().key();
  if (name == "url") return collector.add("", number, Selector::Kind::url, text);
  if (name == "prefix") return collector.add("", number, Selector::Kind::prefix, text);
  const auto later = [&](const Member& member) {
    return member.form == Member::Form::later &&
           (member.name == name + "s" || member.name == name + "es");
  };
  if (std::ranges::any_of(members, later))
    return bad("not_yet", escape(name) + " comes with a later version of isrd");
  return bad("bad_item", escape(name) + " is neither url nor prefix");
}

}  // namespace

std::string_view spell(isr::Mode mode) {
  switch (mode) {
    case isr::Mode::refresh:
      return "refresh";
    case isr::Mode::expire:
      return "expire";
    case isr::Mode::purge:
      return "purge";
  }
  return "";
}

InvalidateBody read_invalidate_json(std::string_view body, std::string_view query) {
  Collector collector;
  if (!query.empty()) {
    collector.refuse(400, "bad_query", "mode and site stand in the body when it is JSON");
    return std::move(collector.body);
  }
  JsonReader reader(collector);
  nlohmann::json::sax_parse(body, &reader);
  return std::move(collector.body);
}

InvalidateBody read_invalidate_lines(std::string_view body, std::string_view query) {
  Collector collector;
  bool going_on = read_query(query, collector);
  for (std::size_t number = 0; going_on && !body.empty(); ++number) {
    std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) going_on = read_line(line, number, collector);
  }
  return std::move(collector.body);
}

}  // namespace isrd::admin
