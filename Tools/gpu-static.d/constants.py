"""Every number of the model, and every limit. Nothing was fitted to a clock yet: when a card has
been measured, they are fitted once, in a commit of their own."""

# MARK: The device, an NVIDIA H100 SXM (data sheet and programming guide, compute capability 9.0)
MULTIPROCESSORS = 132
CLOCK = 1.755e9                 # Hz, as sustained; 1.98e9 at boost
SCHEDULERS = 4                  # of a multiprocessor: instructions a clock
WARP_ISSUE = 0.6                # instructions a clock, of one warp that has a scheduler to itself
REGISTERS = 65536               # of a multiprocessor, in SCHEDULERS files, 256 at a time to a warp
LOCAL_BYTES = 228 << 10         # of a multiprocessor
LOCAL_RESERVED = 1 << 10        # of that, for each group
MOST_THREADS = 2048             # of a multiprocessor
MOST_GROUPS = 32                # of a multiprocessor
LANES = 32

# MARK: Times
LAUNCH_SECONDS = 1.5e-6         # beside what a kernel takes
LOAD_CYCLES = 500               # from a load to what needs it
BYTES_PER_SECOND = 3.0e12       # a copy's
# Dense products in tensor cores at boost, by the kind of what is multiplied (data sheet; in TF32 1024
# multiply-adds a clock of a multiprocessor), and what share of it mma.sync reaches, without
# asynchronous copies and warp-group instructions (Luo et al., arXiv 2402.13499).
TENSOR_FLOPS = {"TF32": 495e12, "BF16": 989e12, "F16": 989e12}
TENSOR_SHARE = 0.62

# MARK: CLBlast's products, whose kernels are not in a dump. Each is one launch of its direct kernel
# (they are tiny): tiles of TILE x TILE by groups of ITEMS, K in steps of TILE, one wait each for
# its loads. Of its instructions this share are the product's.
PRODUCT_TILE = 8
PRODUCT_ITEMS = 64
PRODUCT_SHARE = 0.25

# MARK: How a launch without a local size is taken to be divided: as the driver has to, evenly, by
# the largest divisor of the first size up to this, then of the next ones.
CHOSEN_ITEMS = 256

# MARK: Emulation: lanes at once, groups at least, and blocks of code before it is called endless.
MOST_LANES = 4096
LEAST_GROUPS = 4
MOST_BLOCKS = 3_000_000

# MARK: Limits of sm_90, beyond which `Tools/gpu-static` fails
MOST_SPILL_BYTES = 64
# All that there are: kernels that take many are made for it, and a compiler that has too few spills.
MOST_REGISTERS = 255
MOST_LOCAL_BYTES = 48 << 10
