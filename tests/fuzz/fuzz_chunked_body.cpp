#include "fuzz/chunked_body.h"
#include "fuzz/main.h"

ISRD_FUZZ_TARGET(isrd::fuzz::chunked_body)
