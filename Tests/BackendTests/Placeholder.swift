import Testing
@Suite struct PlaceholderBackend { @Test func runs() { #expect(Bool(true)) } }
