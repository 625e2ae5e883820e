import Synchronization

/// The families of networks that can be named: those of this house, and what else is registered.
public enum NetworkFamilies {
  /// In the order in which they are listed.
  private static let builtIn: [any NetworkFamily.Type] = [
    ResNet.self,
    WideResNet.self,
    ImageNetResNet.self,
    MobileNetV2.self,
  ]

  private static let registered = Mutex<[any NetworkFamily.Type]>([])

  /// The built-in ones, then the others by name.
  public static var all: [any NetworkFamily.Type] { builtIn + registered.withLock { $0 } }

  /// Of `all`, in its order.
  public static var names: [Architecture.Name] { all.map { $0.name } }

  /// The family of this name; nil where none is registered.
  public static func family(named name: Architecture.Name) -> (any NetworkFamily.Type)? {
    builtIn.first { $0.name == name } ?? registered.withLock { $0.first { $0.name == name } }
  }

  /// - Throws: `ArchitectureError` of the key `name` that lists the known ones.
  public static func known(
    _ name: Architecture.Name
  ) throws(ArchitectureError) -> any NetworkFamily.Type {
    guard let family = family(named: name) else {
      throw ArchitectureError(
        "name",
        "there is no network “\(name)”; known are "
          + "\(names.map(\.rawValue).joined(separator: ", ")) (a family of another package has to "
          + "be registered first)")
    }
    return family
  }

  /// Makes a family known, for the whole process; to be called before its name is read from a
  /// recipe or a file. Registering a family again does nothing. From any thread.
  /// - Throws: `ArchitectureError` where another type has the name, the name cannot stand in a
  ///   recipe, or the default split is none of `splits`.
  public static func register(_ family: any NetworkFamily.Type) throws(ArchitectureError) {
    let name = family.name
    guard name.isValid else {
      throw ArchitectureError(
        "name",
        "a network family's name is lower-case letters, digits and hyphens, got “\(name)”")
    }
    guard Set(family.splits).count == family.splits.count,
      family.splits.contains(family.defaultSplit)
    else {
      throw ArchitectureError(
        "split",
        "\(name): expected splits, each once, with the default one \(family.defaultSplit) among "
          + "them, got \(family.splits.map(\.rawValue).joined(separator: ", "))")
    }
    let holder = registered.withLock { families -> (any NetworkFamily.Type)? in
      if let holder = (builtIn + families).first(where: { $0.name == name }) { return holder }
      families.append(family)
      families.sort { $0.name.rawValue < $1.name.rawValue }
      return nil
    }
    if let holder, ObjectIdentifier(holder) != ObjectIdentifier(family) {
      throw ArchitectureError(
        "name",
        "the network family “\(name)” is \(String(reflecting: holder)) already; give "
          + "\(String(reflecting: family)) another name")
    }
  }
}
