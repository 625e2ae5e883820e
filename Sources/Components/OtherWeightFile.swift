/// Files of weights that are none of safetensors, told by their first bytes.
enum OtherWeightFile {
  /// What it is and what to do; nil where that is not known.
  static func name(_ bytes: [UInt8]) -> String? {
    // A safetensors header; the length before it may look like anything.
    if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return nil }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      // Its members bear their names as they are.
      return contains(bytes, "data.pkl")
        ? "it is a PyTorch file (zip). \(conversion)" : "it is a zip archive; unpack it first"
    }
    if bytes.count > 2, bytes[0] == 0x80, 2...5 ~= bytes[1] {
      return "it is a PyTorch file (pickle), or another Python pickle. \(conversion)"
    }
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      return "it is an HDF5 file, as Keras writes them; write its weights as safetensors"
    }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "it is a JPEG picture" }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "it is a PNG picture" }
    // A protocol buffer whose first field is ONNX's version of the format.
    if bytes.count > 2, bytes[0] == 0x08, bytes[1] < 0x20, bytes[2] == 0x12 {
      return "it is an ONNX graph; its weights can be had from the program that wrote it"
    }
    // The length of a header has zeros behind it, text has none.
    if bytes.count >= 8, bytes[..<8].allSatisfy({ 0x20..<0x7F ~= $0 || 9...13 ~= $0 }) {
      return "it is text"
    }
    return nil
  }

  /// Nothing of a pickle's code is run but what makes tensors.
  private static let conversion = """
    Convert it: python -c "import sys, torch, safetensors.torch as s; \
    d = torch.load(sys.argv[1], map_location='cpu', weights_only=True); d = d.get('state_dict', d); \
    s.save_file({k: v.contiguous().clone() for k, v in d.items() if torch.is_tensor(v)}, sys.argv[2])" \
    FILE FILE.safetensors
    """

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count else { return false }
    return (0...bytes.count - wanted.count).contains { start in
      bytes[start] == wanted[0] && bytes[start..<start + wanted.count].elementsEqual(wanted)
    }
  }
}
