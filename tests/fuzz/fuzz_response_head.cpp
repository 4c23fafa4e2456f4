#include "fuzz/main.h"
#include "fuzz/response_head.h"

ISRD_FUZZ_TARGET(isrd::fuzz::response_head)
