// OpenCL 1.2 and CLBlast's C interface, as Swift sees them.
#ifndef COPENCL_H
#define COPENCL_H
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <clblast_c.h>
#endif
