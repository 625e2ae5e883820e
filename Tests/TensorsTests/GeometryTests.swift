import Tensors
import Testing

@Suite struct GeometryTests {
  @Test func shapesCount() {
    #expect(Shape([2, 3, 4]).count == 24)
    #expect(Shape([]).count == 1)
    #expect(Shape([3, 0]).count == 0)
    #expect("\(Shape([2, 3]))" == "[2, 3]")
  }

  @Test(arguments: [
    (32, 3, 1, 1, 32), (32, 3, 2, 1, 16), (31, 3, 2, 1, 16), (7, 7, 2, 3, 4), (5, 1, 1, 0, 5),
    (2, 5, 1, 0, 0),
  ])
  func outputSizes(size: Int, filter: Int, stride: Int, padding: Int, expected: Int) {
    #expect(
      ConvolutionGeometry.outputSize(size, filter: filter, stride: stride, padding: padding)
        == expected)
  }

  @Test func convolutionLettersAreThoseOfTheShapes() {
    let g = ConvolutionGeometry(
      .convolutionForward, input: [2, 9, 7, 3], filter: [3, 5, 3, 8], output: [2, 5, 3, 8],
      stride: 2, padding: 1)
    #expect([g.n, g.h, g.w, g.c, g.r, g.s, g.k, g.p, g.q] == [2, 9, 7, 3, 3, 5, 8, 5, 3])
  }

  #if os(Linux)
    @Test func shapesThatDoNotAgreeStopTheProgram() async {
      await #expect(processExitsWith: .failure) {
        _ = ConvolutionGeometry(
          .convolutionForward, input: [2, 9, 7, 3], filter: [3, 3, 4, 8], output: [2, 9, 7, 8],
          stride: 1, padding: 1)
      }
    }
  #endif
}
