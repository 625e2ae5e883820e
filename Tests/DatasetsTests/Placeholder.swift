import Testing
@Suite struct PlaceholderDatasets { @Test func runs() { #expect(Bool(true)) } }
