import Autograd
import Components
import Datasets
import Networks
import Tensors
import Testing

@Suite struct SafetensorsTests {
  static let sample = SafetensorsFile(
    tensors: [
      "b.weight": .init(shape: [2, 3], values: [1, -2, 3.5, 0, .leastNonzeroMagnitude, 6]),
      "a.bias": .init(shape: [2], values: [-0.0, .infinity]),
      "empty": .init(shape: [0, 4], values: []),
      "scalar": .init(shape: [], values: [7]),
    ],
    metadata: ["z": "{\"a\": [1]}", "a": "line\nbreak, tab\t, “quotes” \\ \u{1}"])

  @Test func readsWhatItWrote() throws {
    let bytes = Self.sample.bytes
    #expect(try SafetensorsFile(bytes: bytes) == Self.sample)
    #expect(try SafetensorsFile(bytes: bytes).bytes == bytes)
  }

  @Test func tensorsStandInOrderOfTheirNamesBehindAHeaderOfWholeWords() throws {
    let file = SafetensorsFile(
      tensors: ["b": .init(shape: [1], values: [2]), "a": .init(shape: [1], values: [1])],
      metadata: ["k": "v"])
    let header =
      #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(padded.utf8.count % 8 == 0)
    #expect(
      file.bytes == Self.framed(padded, data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]))
  }

  /// A file of a header and its data.
  static func framed(_ header: String, data: [UInt8] = []) -> [UInt8] {
    framed(Array(header.utf8), data: data)
  }

  static func framed(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
  }

  static func tensor(
    _ shape: String = "[1]", _ offsets: String = "[0,4]", dtype: String = "\"F32\""
  ) -> String {
    "{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String

    init(_ name: String, _ bytes: [UInt8], _ message: String) {
      (testDescription, self.bytes, self.message) = (name, bytes, message)
    }

    init(_ name: String, header: String, data: Int = 0, _ message: String) {
      self.init(name, framed(header, data: [UInt8](repeating: 0, count: data)), message)
    }
  }

  static let malformed: [Case] = [
    Case("empty file", [], "the file is empty"),
    Case("seven bytes", [2, 0, 0, 0, 0, 0, 0], "expected at least 8 bytes, found 7"),
    Case("no header", [0, 0, 0, 0, 0, 0, 0, 0], "expected the header to begin with"),
    Case(
      "header longer than the file", [9, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D],
      "claims 9 bytes, only 2 are left"),
    Case(
      "header above the limit", [UInt8](repeating: 0xFF, count: 8) + [0x7B],
      "more than the limit of 16777216"),
    Case("leading space", header: " {}", "byte 8: expected the header to begin with “{”"),
    Case("a list", header: "[]", "byte 8: expected the header to begin with “{”"),
    Case("unfinished", header: "{\"a\":", "header, byte 5"),
    Case("text behind", header: "{} x", "header, byte 3: text after the value"),
    Case(
      "equal keys", header: "{\"a\":\(tensor()),\"a\":\(tensor())}", data: 4,
      "the key “a” stands twice"),
    Case(
      "equal keys by escape", header: "{\"a\":\(tensor()),\"\\u0061\":\(tensor())}", data: 4,
      "the key “a” stands twice"),
    Case(
      "equal fields", header: "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}",
      "the key “dtype” stands twice"),
    Case(
      "overlap", header: "{\"a\":\(tensor("[2]", "[0,8]")),\"b\":\(tensor("[1]", "[4,8]"))}",
      data: 8, "tensor “b” begins at 4, expected 8: tensors overlap"),
    Case(
      "same bytes twice", header: "{\"a\":\(tensor()),\"b\":\(tensor())}", data: 4,
      "tensors overlap"),
    Case(
      "hole", header: "{\"a\":\(tensor()),\"b\":\(tensor("[1]", "[8,12]"))}", data: 12,
      "tensor “b” begins at 8, expected 4: there is a hole"),
    Case(
      "trailing bytes", header: "{\"a\":\(tensor())}", data: 7,
      "3 bytes stand behind the last tensor"),
    Case(
      "data without tensors", header: "{}", data: 4, "4 bytes stand behind the last tensor"),
    Case(
      "truncated", header: "{\"a\":\(tensor("[2]", "[0,8]"))}", data: 5,
      "tensor “a”: data_offsets [0, 8] do not lie in the 5 bytes of data"),
    Case(
      "offsets reversed", header: "{\"a\":\(tensor("[1]", "[4,0]"))}", data: 4,
      "data_offsets [4, 0]"),
    Case(
      "one offset", header: "{\"a\":\(tensor("[1]", "[4]"))}", data: 4, "data_offsets [4]"),
    Case(
      "product overflows",
      header: "{\"a\":\(tensor("[4294967296,4294967296,4]"))}", data: 4, "is too large"),
    Case(
      "shape and bytes differ", header: "{\"a\":\(tensor("[3]"))}", data: 4,
      "shape [3] needs 12 bytes, data_offsets give 4"),
    Case(
      "negative size", header: "{\"a\":\(tensor("[-1]"))}", data: 4,
      "shape has something that is no non-negative integer"),
    Case(
      "minus zero", header: "{\"a\":\(tensor("[-0]", "[0,0]"))}",
      "shape has something that is no non-negative integer"),
    Case(
      "float size", header: "{\"a\":\(tensor("[1.0]"))}", data: 4,
      "shape has something that is no non-negative integer"),
    Case(
      "size with exponent", header: "{\"a\":\(tensor("[1e0]"))}", data: 4,
      "shape has something that is no non-negative integer"),
    Case(
      "float offset", header: "{\"a\":\(tensor("[1]", "[0,4.0]"))}", data: 4,
      "data_offsets has something that is no non-negative integer"),
    Case(
      "size beyond 64 bits", header: "{\"a\":\(tensor("[99999999999999999999]"))}", data: 4,
      "an integer is too large"),
    Case("size with a leading zero", header: "{\"a\":\(tensor("[01]"))}", data: 4, "starts with 0"),
    Case(
      "unknown dtype", header: "{\"a\":\(tensor(dtype: "\"F31\""))}", data: 4,
      "tensor “a”: unknown dtype “F31”"),
    Case(
      "half precision", header: "{\"a\":\(tensor("[2]", "[0,4]", dtype: "\"F16\""))}", data: 4,
      "tensor “a”: dtype “F16” is not F32"),
    Case(
      "dtype no string", header: "{\"a\":\(tensor(dtype: "32"))}", data: 4,
      "dtype is not a string"),
    Case(
      "field missing", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", data: 4,
      "expected exactly dtype, shape and data_offsets"),
    Case(
      "metadata no string", header: "{\"__metadata__\":{\"a\":1}}",
      "__metadata__: the value of “a” is not a string"),
    Case("metadata no object", header: "{\"__metadata__\":[]}", "__metadata__ is not an object"),
    Case(
      "deep nesting", header: "{\"a\":" + String(repeating: "[", count: 100_000),
      "nested deeper than 16"),
    Case(
      "no UTF-8", framed([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], data: []),
      "a string is not UTF-8"),
    Case("lone surrogate", header: "{\"\\ud800\":1}", "header, byte 8: expected “\\”"),
    Case("control character", header: "{\"a\nb\":1}", "a control character in a string"),
  ]

  @Test(arguments: malformed) func refuses(_ example: Case) {
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(bytes: example.bytes)
    }
    #expect(error?.description.contains(example.message) == true, "\(error!)")
  }

  @Test func everyTruncationOfAFileIsRefused() throws {
    let bytes = Self.sample.bytes
    for count in bytes.indices {
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: Array(bytes[..<count])) }
    }
  }

  @Test func anEmptyTensorMayHaveHugeOtherSizes() throws {
    let header = "{\"a\":\(Self.tensor("[4611686018427387904,4,0]", "[0,0]"))}"
    #expect(try SafetensorsFile(bytes: Self.framed(header)).tensors["a"]?.values == [])
  }

  /// By the table of the safetensors package, bits of an element.
  @Test(arguments: [
    ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("I16", 16),
    ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("F64", 64),
    ("I64", 64), ("U64", 64), ("C64", 64), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6),
  ])
  func otherTypesAreIndexed(_ dtype: String, _ bits: Int) throws {
    let header = "{\"a\":\(Self.tensor("[4,2]", "[0,\(bits)]", dtype: "\"\(dtype)\""))}"
    let bytes = Self.framed(header, data: [UInt8](repeating: 1, count: bits))
    let index = try SafetensorsIndex(bytes: bytes)
    #expect(index.items.map(\.dtype.rawValue) == [dtype])
    #expect(index.items[0].range == bytes.count - bits..<bytes.count)
    #expect(throws: SafetensorsError.self) {
      try SafetensorsIndex(bytes: Array(bytes.dropLast()))
    }
  }

  @Test func escapesAreRead() throws {
    let file = try SafetensorsFile(
      bytes: Self.framed(#"{"__metadata__":{"\u00e9":"\ud83d\ude00 \/ \b\f\n\r\t\"\\"}}"#))
    #expect(file.metadata == ["é": "😀 / \u{8}\u{C}\n\r\t\"\\"])
  }
}
