// An OpenCL driver for tests: PoCL behind another face. As built it lists one GPU, "Stand-in GPU",
// that computes by PoCL; STAND_IN in the environment has it misbehave as drivers have been seen to:
//   opencl-1.1      says that it has OpenCL 1.1
//   no-compiler     says that it has no compiler
//   build-fails     every program fails to build
//   build-ends      building ends the process
//   build-hangs     building never returns
//   wrong           buffers that are read back hold zeros
//   no-memory       the 300th launch finds no memory, though its buffers were made
//   never-memory    every launch from the 300th on finds none
// Objects of a driver begin with a pointer to its table of functions, through which the loader calls:
// platform and device are our own, with a changed copy of PoCL's table; contexts, queues and programs
// are PoCL's and get our table, so that a PoCL that is registered, too, keeps its face.
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl_icd.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cl_icd_dispatch table;
static const cl_icd_dispatch* pocl;
static int launches;

static struct { const cl_icd_dispatch* table; } our_platform = {&table}, our_device = {&table};
static cl_platform_id platform;
static cl_device_id device;

static const cl_device_id* real(const cl_device_id* given) {
  return given && *given == (cl_device_id)&our_device ? &device : given;
}

static int behaves(const char* name) {
  const char* asked = getenv("STAND_IN");
  return asked && strcmp(asked, name) == 0;
}

static void face(void* object) {
  if (object) *(const cl_icd_dispatch**)object = &table;
}

static cl_int answer(const char* text, size_t size, void* value, size_t* needed) {
  if (needed) *needed = strlen(text) + 1;
  if (value) {
    if (size < strlen(text) + 1) return CL_INVALID_VALUE;
    strcpy(value, text);
  }
  return CL_SUCCESS;
}

static cl_int CL_API_CALL platform_info(
    cl_platform_id ignored, cl_platform_info name, size_t size, void* value, size_t* needed) {
  if (name == CL_PLATFORM_NAME) return answer("Stand-in", size, value, needed);
  return pocl->clGetPlatformInfo(platform, name, size, value, needed);
}

static cl_int CL_API_CALL device_ids(
    cl_platform_id ignored, cl_device_type type, cl_uint count, cl_device_id* devices,
    cl_uint* found) {
  if (found) *found = 1;
  if (devices && count > 0) devices[0] = (cl_device_id)&our_device;
  return CL_SUCCESS;
}

static cl_int CL_API_CALL device_info(
    cl_device_id asked, cl_device_info name, size_t size, void* value, size_t* needed) {
  if (name == CL_DEVICE_NAME) return answer("Stand-in GPU", size, value, needed);
  if (behaves("opencl-1.1") && name == CL_DEVICE_VERSION)
    return answer("OpenCL 1.1 stand-in", size, value, needed);
  cl_int status = pocl->clGetDeviceInfo(*real(&asked), name, size, value, needed);
  if (name == CL_DEVICE_TYPE && value) *(cl_device_type*)value = CL_DEVICE_TYPE_GPU;
  if (behaves("no-compiler") && name == CL_DEVICE_COMPILER_AVAILABLE && value)
    *(cl_bool*)value = CL_FALSE;
  return status;
}

static cl_int CL_API_CALL keep_device(cl_device_id ignored) { return CL_SUCCESS; }

static cl_context CL_API_CALL create_context(
    const cl_context_properties* properties, cl_uint count, const cl_device_id* devices,
    void(CL_CALLBACK* notify)(const char*, const void*, size_t, void*), void* data,
    cl_int* status) {
  cl_context context = pocl->clCreateContext(0, count, real(devices), notify, data, status);
  face(context);
  return context;
}

static cl_command_queue CL_API_CALL create_queue(
    cl_context context, cl_device_id asked, cl_command_queue_properties properties,
    cl_int* status) {
  cl_command_queue queue =
      pocl->clCreateCommandQueue(context, *real(&asked), properties, status);
  face(queue);
  return queue;
}

static cl_program CL_API_CALL create_program(
    cl_context context, cl_uint count, const char** texts, const size_t* lengths,
    cl_int* status) {
  cl_program program =
      pocl->clCreateProgramWithSource(context, count, texts, lengths, status);
  face(program);
  return program;
}

static cl_int CL_API_CALL build(
    cl_program program, cl_uint count, const cl_device_id* devices, const char* options,
    void(CL_CALLBACK* notify)(cl_program, void*), void* data) {
  if (behaves("build-fails")) return CL_BUILD_PROGRAM_FAILURE;
  if (behaves("build-ends")) exit(8);
  if (behaves("build-hangs")) for (;;) pause();
  return pocl->clBuildProgram(program, count, real(devices), options, notify, data);
}

static cl_int CL_API_CALL build_info(
    cl_program program, cl_device_id asked, cl_program_build_info name, size_t size, void* value,
    size_t* needed) {
  return pocl->clGetProgramBuildInfo(program, *real(&asked), name, size, value, needed);
}

static cl_program CL_API_CALL create_from_binary(
    cl_context context, cl_uint count, const cl_device_id* devices, const size_t* lengths,
    const unsigned char** binaries, cl_int* each, cl_int* status) {
  cl_program program = pocl->clCreateProgramWithBinary(
      context, count, real(devices), lengths, binaries, each, status);
  face(program);
  return program;
}

static cl_int CL_API_CALL read_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
    void* to, cl_uint count, const cl_event* events, cl_event* event) {
  cl_int status = pocl->clEnqueueReadBuffer(
      queue, buffer, blocking, offset, size, to, count, events, event);
  if (behaves("wrong")) memset(to, 0, size);
  return status;
}

static cl_int CL_API_CALL launch(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t* offset,
    const size_t* global, const size_t* local, cl_uint count, const cl_event* events,
    cl_event* event) {
  launches++;
  if (behaves("no-memory") && launches == 300) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  if (behaves("never-memory") && launches >= 300) return CL_OUT_OF_RESOURCES;
  return pocl->clEnqueueNDRangeKernel(
      queue, kernel, dimensions, offset, global, local, count, events, event);
}

typedef void*(CL_API_CALL* find_function)(const char*);
typedef cl_int(CL_API_CALL* platform_ids)(cl_uint, cl_platform_id*, cl_uint*);

cl_int CL_API_CALL clIcdGetPlatformIDsKHR(
    cl_uint count, cl_platform_id* platforms, cl_uint* found) {
  if (!pocl) {
    void* handle = dlopen("libpocl.so.2", RTLD_NOW | RTLD_LOCAL);
    find_function find =
        handle ? (find_function)dlsym(handle, "clGetExtensionFunctionAddress") : 0;
    platform_ids list = find ? (platform_ids)find("clIcdGetPlatformIDsKHR") : 0;
    if (!list || list(1, &platform, 0) != CL_SUCCESS) return -1001;
    pocl = *(const cl_icd_dispatch**)platform;
    if (pocl->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, 0) != CL_SUCCESS)
      return -1001;
    table = *pocl;
    table.clGetPlatformInfo = platform_info;
    table.clGetDeviceIDs = device_ids;
    table.clGetDeviceInfo = device_info;
    table.clRetainDevice = keep_device;
    table.clReleaseDevice = keep_device;
    table.clCreateContext = create_context;
    table.clCreateCommandQueue = create_queue;
    table.clCreateProgramWithSource = create_program;
    table.clCreateProgramWithBinary = create_from_binary;
    table.clBuildProgram = build;
    table.clGetProgramBuildInfo = build_info;
    table.clEnqueueReadBuffer = read_buffer;
    table.clEnqueueNDRangeKernel = launch;
  }
  if (found) *found = 1;
  if (platforms && count > 0) platforms[0] = (cl_platform_id)&our_platform;
  return CL_SUCCESS;
}

// The loader asks for these by name.
void* CL_API_CALL clGetExtensionFunctionAddress(const char* name) {
  if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0) return (void*)clIcdGetPlatformIDsKHR;
  return 0;
}

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(
    cl_platform_id asked, cl_platform_info name, size_t size, void* value, size_t* needed) {
  return platform_info(asked, name, size, value, needed);
}
