import ArgumentParser

struct Library: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep components, models and certificates in a directory.",
    discussion: """
      A library is a directory that can live in git or on a share: one folder an entry, named by \
      the SHA-256 of the file in it, no index, no lock. Several processes may add at a time.

        dovetail library add parts runs/first/components/*.safetensors
        dovetail library search parts --fits a.extractor.safetensors --label cat
        dovetail library rank parts --data folder=my-images
      """,
    subcommands: [
      LibraryAdd.self, LibraryList.self, LibraryShow.self, LibrarySearch.self, LibraryRank.self,
      LibraryVerify.self, LibraryRemove.self,
    ])
}
