/// What a binary knows of its making.
public enum BuildInfo {
  /// The commit that this was built from, twelve digits, with a "+" where files had been changed
  /// since; "unknown" outside a git checkout.
  public static var commit: String { builtCommit }
}
