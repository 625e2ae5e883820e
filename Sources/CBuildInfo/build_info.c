#include "build_info.h"

const char *dovetail_commit(void) { return DOVETAIL_COMMIT; }
