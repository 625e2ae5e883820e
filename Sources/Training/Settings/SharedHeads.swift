/// Whether the heads that tasks share learn with them.
public enum SharedHeads: String, Codable, Sendable, CaseIterable {
  /// As in the paper.
  case trained
  /// They stay as they are drawn from the seed: trainings agree on the seed alone, and never
  /// communicate.
  case fixed
  /// Of the common-classes head the last linear layer alone is fixed: its classes' weights are the
  /// corners of a regular simplex, its biases 0 (Pernici et al., Regular Polytope Networks; Biondi
  /// et al., CoReS).
  case fixedSimplex = "fixed-simplex"
}
