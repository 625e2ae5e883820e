import Testing
@Suite struct PlaceholderComponents { @Test func runs() { #expect(Bool(true)) } }
