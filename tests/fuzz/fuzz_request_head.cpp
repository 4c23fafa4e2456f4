#include "fuzz/main.h"
#include "fuzz/request_head.h"

ISRD_FUZZ_TARGET(isrd::fuzz::request_head)
