import Foundation
import Testing
import ZooCore
import ZooImage
import ZooRuntime
import ZooSystem

@Suite struct SelectiveSearchTests {
  static let here = URL(filePath: #filePath).deletingLastPathComponent()

  /// The boxes found in a picture.
  private func search(
    _ image: Image, _ attributes: [Attribute], on isa: CPU.ISA = CPU.current.isa
  ) throws -> [Corners] {
    var preparation = ImagePreprocessing(resize: .none, height: 0, width: 0, mean: [0, 0, 0], deviation: [1, 1, 1])
    preparation.scale = 255
    let results = try run(
      "SelectiveSearch", [preparation.tensor(from: [image])], attributes, outputs: 2, on: isa)
    let count = Int(try results[1].elements(Int64.self)[0])
    let all = try corners(results[0], count: results[0].shape[0])
    #expect(all[count...].allSatisfy { $0 == Corners(left: 0, top: 0, right: 0, bottom: 0) })
    let boxes = Array(all.prefix(count))
    #expect(Set(boxes).count == boxes.count)
    return boxes
  }

  private func drawing(width: Int, height: Int, _ color: (_ x: Int, _ y: Int) -> [UInt8]) throws -> Image {
    try Image(
      width: width, height: height,
      pixels: (0..<height).flatMap { y in (0..<width).flatMap { x in color(x, y) } })
  }

  /// OpenCV's texture histograms differ (its diagonal derivatives come from a turned picture), so that not all hierarchies
  /// are the same; those without texture are.
  @Test(arguments: [("fast", 0.96), ("quality", 0.98)])
  func agreesWithOpenCV(mode: String, same: Double) throws {
    let image = try Image(contentsOf: Self.here.appending(path: "../../Examples/Images/cat.jpg").path)
    let text = try String(contentsOf: Self.here.appending(path: "Fixtures/cat-\(mode).txt"), encoding: .utf8)
    let expected = text.split(separator: "\n").map { line in
      let numbers = line.split(separator: " ").compactMap { Float($0) }
      return Corners(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3])
    }
    let settings = [Attribute.text("mode", mode), Attribute("k", .float(200)), Attribute("k_step", .float(200))]
    let found = try search(image, settings)
    #expect(abs(Double(found.count) / Double(expected.count) - 1) < 0.01, "\(found.count) of \(expected.count)")
    func share(_ limit: Float) -> Double {
      Double(expected.count { box in found.contains { $0.overlap(box) >= limit } }) / Double(expected.count)
    }
    #expect(share(0.75) == 1, "\(share(0.75))")
    // Exactly the same box.
    #expect(share(0.999) >= same, "\(share(0.999))")
  }

  @Test func findsFlatShapesExactly() throws {
    let shapes = [(8, 6, 40, 30), (60, 10, 110, 50), (20, 60, 90, 90)]
    let colors: [[UInt8]] = [[200, 30, 30], [30, 160, 40], [40, 60, 220]]
    let image = try drawing(width: 128, height: 96) { x, y in
      for (shape, color) in zip(shapes, colors) where (shape.0..<shape.2) ~= x && (shape.1..<shape.3) ~= y {
        return color
      }
      return [240, 240, 235]
    }
    for isa in instructionSets {
      let found = try search(image, [Attribute("sigma", .float(0)), .text("mode", "quality")], on: isa)
      for shape in shapes {
        let box = Corners(left: Float(shape.0), top: Float(shape.1), right: Float(shape.2), bottom: Float(shape.3))
        #expect(found.contains(box))
      }
    }
  }

  @Test func keepsToLimits() throws {
    let image = try Image(contentsOf: Self.here.appending(path: "../../Examples/Images/cat.jpg").path)
    let settings = [Attribute("k", .float(20)), Attribute("k_step", .float(20)), Attribute("scale", .float(0.5))]
    let all = try search(image, settings)
    let some = try search(
      image, settings + [Attribute("min_side", .float(30)), Attribute("max_side", .float(200))])
    func fits(_ box: Corners) -> Bool {
      let sides = [box.right - box.left, box.bottom - box.top]
      return sides.allSatisfy { $0 >= 30 && $0 <= 200 }
    }
    #expect(Set(some) == Set(all.filter(fits)) && some.count < all.count)
    let few = try search(image, settings + [Attribute("max_boxes", .int(50))])
    #expect(few == Array(all.prefix(50)))
    #expect(all.allSatisfy { $0.left >= 0 && $0.top >= 0 && $0.right <= 451.01 && $0.bottom <= 300.01 })
  }

  @Test(arguments: [(1, 1), (1, 50), (50, 1), (3, 2), (40, 40)])
  func takesAnySize(width: Int, height: Int) throws {
    let image = try drawing(width: width, height: height) { _, _ in [10, 20, 30] }
    let whole = Corners(left: 0, top: 0, right: Float(width), bottom: Float(height))
    #expect(try search(image, []) == [whole])
    #expect(try search(image, [Attribute("scale", .float(0.3)), .text("mode", "quality")]) == [whole])
  }

  @Test func refusesWhatMakesNoSense() throws {
    let picture = try Tensor([Float](repeating: 0, count: 48), shape: [1, 3, 4, 4])
    for attribute in [
      Attribute("k", .float(-1)), Attribute("scale", .float(0)), Attribute("max_boxes", .int(0)),
      .text("mode", "slow"), Attribute("min_size", .int(0)), Attribute("sigma", .float(.nan)),
    ] {
      #expect(throws: ZooError.self) { try run("SelectiveSearch", [picture], [attribute], outputs: 2) }
    }
    let two = try Tensor([Float](repeating: 0, count: 96), shape: [2, 3, 4, 4])
    #expect(throws: ZooError.self) { try run("SelectiveSearch", [two], outputs: 2) }
  }
}
