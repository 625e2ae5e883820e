/// The library's face: `import Dovetail` brings everything that a user of the package needs.
@_exported public import Analysis
@_exported public import Applications
@_exported public import Autograd
@_exported public import BackendCPU
@_exported public import BackendOpenCL
@_exported public import Certification
@_exported public import ComponentLibrary
@_exported public import Components
@_exported public import Datasets
@_exported public import Diagnostics
@_exported public import Evaluation
@_exported public import Experiments
@_exported public import Export
@_exported public import Networks
@_exported public import Optimizers
@_exported public import Recipes
@_exported public import Reporting
@_exported public import Runs
@_exported public import Tensors
@_exported public import Training

// Of what is below all of it, errors and what they advise.
@_exported public import protocol Files.AdvisedError
@_exported public import struct Files.ErrorAdvice
@_exported public import struct Files.FileError
