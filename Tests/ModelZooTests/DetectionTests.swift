import Foundation
import ModelZoo
import RCNN
import Testing
import TestSupport
import ZooCore
import ZooDrawing
import ZooEvaluation
import TensorFiles

@Suite struct DetectionTests {
  private func detection(_ score: Float, _ left: Float, label: String = "cat") -> Detection {
    Detection(label: label, score: score, box: Box(left: left, top: 0, right: left + 10, bottom: 10))
  }

  private func object(_ left: Float, label: String = "cat", isDifficult: Bool = false) -> PascalVOC.Object {
    PascalVOC.Object(label: label, left: left, top: 0, right: left + 10, bottom: 10, isDifficult: isDifficult)
  }

  /// Worked out by hand: hit, miss, hit (of another picture), a second time the first object, an object never found.
  @Test func measuresAveragePrecision() {
    var scorer = DetectionScorer()
    scorer.add([detection(0.9, 0), detection(0.8, 50), detection(0.6, 1)], objects: [object(0), object(100)])
    scorer.add([detection(0.7, 20)], objects: [object(22)])
    // Precisions 1, 1/2, 2/3, 1/2 at recalls 1/3, 1/3, 2/3, 2/3; monotone: 1 to 1/3, 2/3 to 2/3.
    let accuracy = scorer.accuracy
    #expect(accuracy.images == 2)
    #expect(abs((accuracy.ap50["cat"] ?? 0) - (1 + 2.0 / 3) / 3) < 1e-12)
    #expect(accuracy.map50 == accuracy.ap50["cat"])
  }

  @Test func countsOverlapsFromOneHalf() {
    for (shift, isFound) in [(3.3, true), (3.4, false)] as [(Float, Bool)] {
      var scorer = DetectionScorer()
      scorer.add([detection(1, shift)], objects: [object(0)])
      #expect(scorer.accuracy.ap50["cat"] == (isFound ? 1 : 0))
    }
  }

  @Test func ignoresDifficultObjects() {
    var scorer = DetectionScorer()
    scorer.add(
      [detection(0.9, 0), detection(0.8, 50), detection(0.7, 0, label: "dog")],
      objects: [object(0, isDifficult: true), object(50), object(0, label: "dog", isDifficult: true)])
    // Neither hit nor miss; a class of difficult objects alone has no precision.
    #expect(scorer.accuracy.ap50 == ["cat": 1])
    // Classes that are never found count as 0.
    scorer.add([], objects: [object(0, label: "bird")])
    #expect(scorer.accuracy.ap50 == ["cat": 1, "bird": 0])
    #expect(scorer.accuracy.map50 == 0.5)
  }

  @Test func readsPascalVOC() throws {
    try withFolder { folder in
      let root = folder + "/VOCdevkit/VOC2012"
      for name in ["Annotations", "JPEGImages", "ImageSets/Main"] {
        try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      }
      let annotation = """
        <annotation><size><width>8</width></size><object><name> cat </name><difficult>1</difficult>
        <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax>6</ymax></bndbox>
        <part><name>head</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>
        </object><object><name>dog</name><bndbox><xmin>2.5</xmin><ymin>1</ymin><xmax>8</xmax><ymax>6</ymax></bndbox>
        </object></annotation>
        """
      for name in ["a", "b"] {
        try annotation.write(toFile: "\(root)/Annotations/\(name).xml", atomically: true, encoding: .utf8)
        try picture(1, 2, 3).writePNG(to: "\(root)/JPEGImages/\(name).png")
      }
      try "b 1\n".write(toFile: "\(root)/ImageSets/Main/train.txt", atomically: true, encoding: .utf8)
      #expect(PascalVOC.recognizes(folder))
      #expect(try PascalVOC(folder).names == ["a", "b"])
      #expect(try PascalVOC(folder, list: "train").names == ["b"])
      #expect(throws: ZooError.self) { try PascalVOC(folder, list: "test") }
      let sample = try PascalVOC(folder).sample("a")
      #expect(sample.image.width == 8)
      #expect(
        sample.objects == [
          .init(label: "cat", left: 0, top: 1, right: 4, bottom: 6, isDifficult: true),
          .init(label: "dog", left: 1.5, top: 0, right: 8, bottom: 6),
        ])
      try "<annotation><object>".write(toFile: "\(root)/Annotations/a.xml", atomically: true, encoding: .utf8)
      #expect(throws: ZooError.self) { try PascalVOC(folder).sample("a") }
    }
  }

  /// An R-CNN of random weights, small enough for a test.
  private func detector() throws -> Model {
    let settings: [String: CheckpointValue] = [
      "search_boxes": .int(40), "search_k": .int(50), "smallest_margin": .int(-1000),
      "detections": .int(30),
      "score_threshold": .int(0),
    ]
    func tensor(_ name: String, _ shape: [Int]) throws -> NamedTensor {
      let count = shape.reduce(1, *)
      let values = (0..<count).map { Float(($0 &* 7919 &+ name.utf8.count &* 31) % 201 - 100) / 400 }
      return NamedTensor(name: name, tensor: StoredTensor(try Tensor(values, shape: shape)))
    }
    var weights: [NamedTensor] = []
    let shapes = [
      ("features.0", [4, 3, 5, 5]), ("features.3", [8, 2, 5, 5]), ("features.6", [8, 8, 3, 3]),
      ("features.8", [8, 4, 3, 3]), ("features.10", [8, 4, 3, 3]), ("classifier.1", [16, 72]),
      ("classifier.4", [16, 16]), ("svm", [2, 16]), ("box", [2, 4, 72]),
    ]
    for (name, shape) in shapes {
      weights.append(try tensor(name + ".weight", shape))
      weights.append(try tensor(name + ".bias", name == "box" ? [2, 4] : [shape[0]]))
    }
    let definition = try RCNN().model(weights: weights, values: settings, labels: ["cat", "dog"])
    return try Model(definition, options: .init(plugins: .linked))
  }

  @Test func findsObjectsInPicturesOfAnySize() throws {
    let model = try detector()
    for (width, height) in [(1, 1), (1, 300), (90, 60), (2300, 2000)] {
      let pixels = (0..<width * height).flatMap { index -> [UInt8] in
        let isInside = (index % width) * 3 > width && (index / width) * 2 > height
        return isInside ? [220, 30, 40] : [30, 90, 200]
      }
      let photo = try Image(width: width, height: height, pixels: pixels)
      guard case .detections(let found) = try model.predict(.image(photo)) else {
        Issue.record("no detections")
        continue
      }
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
      for item in found {
        #expect((0...1).contains(item.score) && ["cat", "dog"].contains(item.label))
        #expect(item.box.left >= 0 && item.box.right <= Float(width) && item.box.left <= item.box.right)
        #expect(item.box.top >= 0 && item.box.bottom <= Float(height) && item.box.top <= item.box.bottom)
      }
      let png = try DetectionDrawing(labels: model.metadata.labels).png(of: photo, found)
      let drawn = try Image(decoding: png, name: "drawn")
      let factor = max(1, min(8, 480 / max(width, height)))
      #expect(drawn.width == width * factor && drawn.height == height * factor)
    }
    #expect(throws: ZooError.self) { try model.predict(.text("a cat")) }
  }

  @Test func drawsBoxesAndLabels() throws {
    let photo = try Image(width: 600, height: 400, pixels: [UInt8](repeating: 255, count: 720_000))
    let inside = Detection(label: "cat", score: 0.9, box: Box(left: 100, top: 100, right: 300, bottom: 250))
    // At the corner, where a label has no room above.
    let corner = Detection(label: "dog", score: 0.5, box: Box(left: 580, top: 0, right: 600, bottom: 20))
    let drawn = try Image(
      decoding: DetectionDrawing(labels: ["cat", "dog"]).png(of: photo, [inside, corner]), name: "drawn")
    func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(drawn.pixels[3 * (y * 600 + x)..<3 * (y * 600 + x) + 3]) }
    #expect(pixel(200, 180) == [255, 255, 255] && pixel(50, 50) == [255, 255, 255])
    // The line of the first class's colour, and its label above the box.
    #expect(pixel(100, 180) == pixel(300, 180) && pixel(100, 180)[2] < 50)
    #expect((85..<98).contains { pixel(104, $0)[2] < 50 })
    let blue = (0..<600).flatMap { x in (0..<400).map { (x, $0) } }.filter { x, y in
      let color = pixel(x, y)
      return color[2] > 200 && color[0] < 120
    }
    #expect(blue.contains { $0.0 < 580 } && blue.allSatisfy { $0.0 >= 480 && $0.1 < 60 })
  }
}
