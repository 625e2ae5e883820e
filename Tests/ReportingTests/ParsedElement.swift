import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An XML document, read by Foundation's parser.
final class ParsedElement {
  enum Child {
    case element(ParsedElement)
    case text(String)
  }

  let name: String
  let attributes: [String: String]
  fileprivate(set) var children: [Child] = []

  fileprivate init(name: String, attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  /// Fails where the document is not well-formed.
  static func parse(_ source: String) throws -> ParsedElement {
    let reader = Reader()
    let parser = XMLParser(data: Data(source.utf8))
    parser.delegate = reader
    let isWhole = parser.parse()
    #expect(isWhole, "line \(parser.lineNumber): \(String(describing: parser.parserError))")
    return try #require(reader.root)
  }

  var text: String {
    children.map { child in
      switch child {
      case .element(let element): element.text
      case .text(let text): text
      }
    }.joined()
  }

  /// This one and all within, in the document's order.
  var all: [ParsedElement] {
    [self]
      + children.flatMap { child -> [ParsedElement] in
        if case .element(let element) = child { element.all } else { [] }
      }
  }

  func all(_ name: String, class style: String? = nil) -> [ParsedElement] {
    all.filter { $0.name == name && (style == nil || $0.styles.contains(style!)) }
  }

  var styles: [String] { (attributes["class"] ?? "").split(separator: " ").map(String.init) }

  func number(_ attribute: String) throws -> Double {
    try #require(attributes[attribute].flatMap(Double.init), "\(name) \(attribute)")
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var root: ParsedElement?
    var open: [ParsedElement] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String] = [:]
    ) {
      let element = ParsedElement(name: name, attributes: attributes)
      open.last?.children.append(.element(element))
      if root == nil { root = element }
      open.append(element)
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      open.last?.children.append(.text(text))
    }
  }
}
