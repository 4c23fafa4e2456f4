#pragma once

#include <string>

namespace isrd {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  bool access = false;  // one line for each request, on stdout
};

}  // namespace isrd
