#ifndef DOVETAIL_BUILD_INFO_H
#define DOVETAIL_BUILD_INFO_H

/// The commit that this was built from, twelve digits, with a "+" where files had been changed since;
/// "unknown" outside a git checkout.
const char *dovetail_commit(void);

#endif
