// The words and statuses of origin faults.
#include "net/origin.h"

namespace isrd::net {

std::string_view spell(OriginFault fault) {
  switch (fault) {
    case OriginFault::none:
      return "none";
    case OriginFault::resolve:
      return "resolve";
    case OriginFault::refused:
      return "refused";
    case OriginFault::connect_timeout:
      return "connect_timeout";
    case OriginFault::queue_timeout:
      return "queue_timeout";
    case OriginFault::write:
      return "write";
    case OriginFault::first_byte_timeout:
      return "first_byte_timeout";
    case OriginFault::idle_timeout:
      return "idle_timeout";
    case OriginFault::closed:
      return "closed";
    case OriginFault::bad_head:
      return "bad_head";
    case OriginFault::truncated:
      return "truncated";
    case OriginFault::bad_body:
      return "bad_body";
    case OriginFault::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view proxy_status_error(OriginFault fault) {
  switch (fault) {
    case OriginFault::none:
      return "proxy_internal_error";
    case OriginFault::resolve:
      return "dns_error";
    case OriginFault::refused:
      return "connection_refused";
    case OriginFault::connect_timeout:
      return "connection_timeout";
    case OriginFault::queue_timeout:
      return "connection_limit_reached";
    case OriginFault::write:
      return "connection_terminated";
    case OriginFault::first_byte_timeout:
      return "connection_read_timeout";
    case OriginFault::idle_timeout:
      return "connection_read_timeout";
    case OriginFault::closed:
      return "connection_terminated";
    case OriginFault::bad_head:
      return "http_protocol_error";
    case OriginFault::truncated:
      return "http_response_incomplete";
    case OriginFault::bad_body:
      return "http_protocol_error";
    case OriginFault::cancelled:
      return "proxy_internal_error";
  }
  return "";
}

int status_for(OriginFault fault) {
  switch (fault) {
    case OriginFault::connect_timeout:
    case OriginFault::first_byte_timeout:
    case OriginFault::idle_timeout:
      return 504;
    case OriginFault::queue_timeout:
      return 503;
    case OriginFault::none:
    case OriginFault::resolve:
    case OriginFault::refused:
    case OriginFault::write:
    case OriginFault::closed:
    case OriginFault::bad_head:
    case OriginFault::truncated:
    case OriginFault::bad_body:
    case OriginFault::cancelled:
      return 502;
  }
  return 502;
}

}  // namespace isrd::net
