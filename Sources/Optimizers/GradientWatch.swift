public import Networks
public import Tensors

/// Tells which parameters first got an update that was not finite, and when. Looking costs nothing
/// that can be measured (`NonFiniteNotes`); asking reads one number a parameter back.
public final class GradientWatch {
  private let names: [String]
  private let slots: [ObjectIdentifier: Int]
  private let notes: Tensor
  private let backend: any Backend

  /// - Parameters:
  ///   - parameters: in the order of the forward pass, with names for people; one that stands twice
  ///     keeps its first name.
  ///   - backend: where the notes are kept.
  public init(_ parameters: [(name: String, parameter: Parameter)], on backend: any Backend) {
    var slots: [ObjectIdentifier: Int] = [:]
    var names: [String] = []
    for (name, parameter) in parameters where slots[ObjectIdentifier(parameter)] == nil {
      slots[ObjectIdentifier(parameter)] = names.count
      names.append(name)
    }
    (self.names, self.slots, self.backend) = (names, slots, backend)
    notes = backend.makeTensor([max(names.count, 1)], filledWith: 0)
  }

  /// For an update of these parameters; nil where one of them is not watched.
  func notes(for parameters: [Parameter], step: Int) -> NonFiniteNotes? {
    let found = parameters.compactMap { slots[ObjectIdentifier($0)] }
    guard found.count == parameters.count else { return nil }
    return NonFiniteNotes(in: notes, slots: found, mark: Float(step + 1))
  }

  /// Waits for the device. The earliest step whose updates were not finite, and of which
  /// parameters, in their order; nil while all were.
  public func firstNotFinite() throws -> (step: Int, names: [String])? {
    let marks = try backend.download(notes)
    guard let first = marks.filter({ $0 != 0 }).min() else { return nil }
    return (Int(first) - 1, zip(names, marks).filter { $0.1 == first }.map(\.0))
  }
}
