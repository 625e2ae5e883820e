import Testing
@Suite struct PlaceholderCommand { @Test func runs() { #expect(Bool(true)) } }
