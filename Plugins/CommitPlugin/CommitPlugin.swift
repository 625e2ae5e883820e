import Foundation
import PackagePlugin

/// Writes the commit that is built into a source file, before every build.
/// (`Context.gitInformation` in the manifest would not do: the package manager keeps what a
/// manifest once came to.)
@main struct CommitPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = context.pluginWorkDirectoryURL.appending(path: "Generated")
    // Rewritten only where it differs, so that nothing is compiled for nothing.
    let script = """
      commit=$(git -C "$1" rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
      [ "$commit" = unknown ] || [ -z "$(git -C "$1" status --porcelain -uno 2>/dev/null)" ] || commit="$commit+"
      mkdir -p "$2"
      line="let builtCommit = \\"$commit\\""
      [ "$(cat "$2/Commit.swift" 2>/dev/null)" = "$line" ] || echo "$line" >"$2/Commit.swift"
      """
    return [
      .prebuildCommand(
        displayName: "Asking for the commit", executable: URL(fileURLWithPath: "/bin/sh"),
        arguments: ["-c", script, "sh", context.package.directoryURL.path, folder.path],
        outputFilesDirectory: folder)
    ]
  }
}
