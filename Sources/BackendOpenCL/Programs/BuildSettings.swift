/// What a user may ask of the building of programs.
public struct BuildSettings: Sendable {
  /// Given to the driver's compiler after our own options, for example `-cl-nv-verbose`.
  public var options: [String]
  /// A folder for the source, the options and the compiler's log of each program; nil: not kept.
  public var logFolder: String?
  /// Where binaries are kept for drivers that keep none themselves; nil: nowhere.
  public var binaries: BinaryStore?

  public init(
    options: [String] = [], logFolder: String? = nil, binaries: BinaryStore? = nil
  ) {
    (self.options, self.logFolder, self.binaries) = (options, logFolder, binaries)
  }
}
