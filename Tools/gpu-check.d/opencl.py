"""As much of OpenCL as runs one kernel, by ctypes: in CUDA's place in a test of ptx_worker.py."""
import ctypes
import ctypes.util
import time

P, S = ctypes.c_void_p, ctypes.c_size_t
READ_WRITE, BUILD_LOG, ALL_DEVICES = 1, 0x1183, 0xFFFFFFFF


class OpenCL:
    device = "cpu"

    def __init__(self, torch):
        self.torch = torch
        name = ctypes.util.find_library("OpenCL") or "libOpenCL.so.1"
        self.cl = ctypes.CDLL(name)
        for function in ("clCreateContext", "clCreateCommandQueue", "clCreateProgramWithSource",
                         "clCreateKernel", "clCreateBuffer"):
            getattr(self.cl, function).restype = P
        platform, self.target, status = P(), P(), ctypes.c_int()
        self.check(self.cl.clGetPlatformIDs(1, ctypes.byref(platform), None))
        self.check(self.cl.clGetDeviceIDs(
            platform, ctypes.c_uint64(ALL_DEVICES), 1, ctypes.byref(self.target), None))
        self.context = P(self.cl.clCreateContext(
            None, 1, ctypes.byref(self.target), None, None, ctypes.byref(status)))
        self.check(status.value)
        self.queue = P(self.cl.clCreateCommandQueue(
            self.context, self.target, ctypes.c_uint64(0), ctypes.byref(status)))
        self.check(status.value)
        self.buffers, self.kernels = {}, {}

    @staticmethod
    def check(status):
        if status:
            raise RuntimeError("OpenCL: error %d" % status)

    def facts(self):
        return {"standIn": "OpenCL C on the first OpenCL device"}

    def load(self, path, job):
        if path in self.kernels:
            return self.kernels[path]
        status = ctypes.c_int()
        source = ctypes.c_char_p(path.read_bytes())
        program = P(self.cl.clCreateProgramWithSource(
            self.context, 1, ctypes.byref(source), None, ctypes.byref(status)))
        self.check(status.value)
        options = " ".join(job["options"]).encode()
        if self.cl.clBuildProgram(program, 1, ctypes.byref(self.target), options, None, None):
            log = ctypes.create_string_buffer(1 << 16)
            self.cl.clGetProgramBuildInfo(
                program, self.target, BUILD_LOG, S(len(log)), log, None)
            raise RuntimeError(log.value.decode(errors="replace")[:2000])
        kernel = P(self.cl.clCreateKernel(program, job["entry"].encode(), ctypes.byref(status)))
        self.check(status.value)
        self.kernels[path] = kernel
        return kernel

    def prepare(self, kernel, job, tensors):
        for buffer in self.buffers.values():
            self.cl.clReleaseMemObject(buffer)
        self.buffers, status = {}, ctypes.c_int()
        for number, tensor in tensors.items():
            size = tensor.numel() * 4
            buffer = P(self.cl.clCreateBuffer(
                self.context, ctypes.c_uint64(READ_WRITE), S(size), None, ctypes.byref(status)))
            self.check(status.value)
            self.check(self.cl.clEnqueueWriteBuffer(
                self.queue, buffer, 1, S(0), S(size), P(tensor.data_ptr()), 0, None, None))
            self.buffers[number] = buffer
        for index, argument in enumerate(job["arguments"]):
            if "int" in argument:
                value = ctypes.c_int(argument["int"])
            elif "float" in argument:
                value = ctypes.c_float(argument["float"])
            else:
                value = self.buffers.get(argument.get("buffer"), P())
            self.check(self.cl.clSetKernelArg(
                kernel, index, S(ctypes.sizeof(value)), ctypes.byref(value)))
        dimensions = len(job["grid"])
        local = (S * dimensions)(*job["block"][:dimensions])
        items = (S * dimensions)(*(g * b for g, b in zip(job["grid"], job["block"])))

        def launch():
            self.check(self.cl.clEnqueueNDRangeKernel(
                self.queue, kernel, dimensions, None, items, local, 0, None, None))

        return launch

    def finish(self, tensors):
        for number, tensor in tensors.items():
            self.check(self.cl.clEnqueueReadBuffer(
                self.queue, self.buffers[number], 1, S(0), S(tensor.numel() * 4),
                P(tensor.data_ptr()), 0, None, None))

    def milliseconds(self, launch):
        start = time.perf_counter()
        launch()
        self.check(self.cl.clFinish(self.queue))
        return (time.perf_counter() - start) * 1e3
