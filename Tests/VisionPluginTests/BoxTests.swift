import Foundation
import Testing
import ZooCore
import ZooRuntime

@Suite struct BoxTests {
  @Test func growsAboutTheCentre() throws {
    let boxes = try Tensor([10, 20, 30, 60, 0, 0, 0, 0] as [Float], shape: [2, 4])
    let grown = try run("ExpandBoxes", [boxes], [Attribute("scale", .float(1.5)), Attribute("padding", .float(2))])
    #expect(try grown[0].elements(Float.self) == [3, 8, 37, 72, -2, -2, 2, 2])
  }

  @Test func movesByClass() throws {
    let boxes = try Tensor([10, 20, 30, 60] as [Float], shape: [1, 4])
    let offsets = try Tensor(
      [0, 0, 0, 0, 0.1, -0.5, log(2), log(0.5), 0, 0, 1000, 1000] as [Float], shape: [1, 12])
    let picture = try Tensor([Float](repeating: 0, count: 2 * 50 * 40), shape: [1, 2, 50, 40])
    let moved = try run("ApplyBoxRegression", [boxes, offsets, picture])[0]
    #expect(moved.shape == [1, 3, 4])
    // The second: centre (20 + 2, 40 - 20), size 40 by 20. The third covers the picture of 40 by 50.
    let expected: [Float] = [10, 20, 30, 50, 2, 10, 40, 30, 0, 0, 40, 50]
    for (value, wanted) in zip(try moved.elements(Float.self), expected) { #expect(abs(value - wanted) < 1e-4) }
    let free = try run("ApplyBoxRegression", [boxes, offsets])[0].elements(Float.self)
    #expect(abs(free[6] - 42) < 1e-4 && free.allSatisfy(\.isFinite))
    let wrong = try Tensor([Float](repeating: 0, count: 5), shape: [1, 5])
    #expect(throws: ZooError.self) { try run("ApplyBoxRegression", [boxes, wrong]) }
  }

  /// Every detection of a class that no kept better one overlaps too much, written as the definition says.
  @Test func suppressesByClass() throws {
    var numbers = Numbers()
    let (count, classes) = (200, 3)
    var boxes: [Float] = []
    for _ in 0..<count * classes {
      let (x, y) = (numbers.next() * 80, numbers.next() * 80)
      boxes += [x, y, x + 5 + numbers.next() * 30, y + 5 + numbers.next() * 30]
    }
    // With ties.
    let scores = (0..<count * classes).map { _ in (numbers.next() * 50).rounded() / 50 }
    let used = 150
    var kept: [(score: Float, number: Int)] = []
    func box(_ number: Int) -> Corners {
      Corners(
        left: boxes[4 * number], top: boxes[4 * number + 1], right: boxes[4 * number + 2],
        bottom: boxes[4 * number + 3])
    }
    for kind in 0..<classes {
      var rest = (0..<used).map { $0 * classes + kind }.filter { scores[$0] > 0.3 }
      while let best = rest.max(by: { (scores[$0], $1) < (scores[$1], $0) }) {
        kept.append((scores[best], best))
        rest.removeAll { $0 == best || box($0).overlap(box(best)) > 0.4 }
      }
    }
    kept.sort { ($1.score, $0.number) < ($0.score, $1.number) }

    let results = try run(
      "ClassNonMaxSuppression",
      [
        Tensor(boxes, shape: [count, classes, 4]), Tensor(scores, shape: [count, classes]),
        Tensor([Int64(used)], shape: [1]),
      ],
      [
        Attribute("iou_threshold", .float(0.4)), Attribute("score_threshold", .float(0.3)),
        Attribute("max_detections", .int(400)),
      ], outputs: 4)
    #expect(try results[3].elements(Int64.self) == [Int64(kept.count)])
    #expect(try results[1].elements(Float.self).prefix(kept.count).elementsEqual(kept.map(\.score)))
    #expect(
      try results[2].elements(Int64.self).prefix(kept.count).elementsEqual(kept.map { Int64($0.number % classes) }))
    #expect(try corners(results[0], count: kept.count) == kept.map { box($0.number) })
    #expect(try results[1].elements(Float.self)[kept.count...].allSatisfy { $0 == -1 })
    #expect(try results[2].elements(Int64.self)[kept.count...].allSatisfy { $0 == -1 })
    #expect((220...230).contains(kept.count))
  }

  @Test func givesNoneForNone() throws {
    let boxes = try Tensor([0, 0, 0, 0, .nan, 0, 1, 1] as [Float], shape: [2, 4])
    let results = try run(
      "ClassNonMaxSuppression", [boxes, Tensor([1, 1] as [Float], shape: [2, 1])],
      [Attribute("max_detections", .int(3))], outputs: 4)
    #expect(try results[3].elements(Int64.self) == [0])
    #expect(try results[0].elements(Float.self) == [Float](repeating: -1, count: 12))
  }

  /// RoiAlign as its paper and ONNX define it, sample by sample.
  @Test func alignsRegions() throws {
    var numbers = Numbers()
    let (channels, height, width, side) = (3, 23, 31, 6)
    let pixels = (0..<2 * channels * height * width).map { _ in numbers.next() }
    var regions: [Float] = []
    for _ in 0..<20 {
      let (x, y) = (numbers.next() * 50 - 10, numbers.next() * 40 - 10)
      regions += [x, y, x + numbers.next() * 40, y + numbers.next() * 30]
    }
    regions += [0, 0, 0, 0, .nan, 0, 5, 5, 5, 5, 2, 2]
    let count = regions.count / 4
    let images = (0..<count).map { Int64($0 % 2) }
    for (ratio, isHalfPixel) in [(2, true), (0, true), (0, false), (3, false)] {
      func naive(_ region: Int, _ channel: Int, _ row: Int, _ column: Int) -> Float {
        let box = regions[4 * region..<4 * region + 4].map { Double($0) * 0.7 - (isHalfPixel ? 0.5 : 0) }
        var (wide, tall) = (box[2] - box[0], box[3] - box[1])
        if !isHalfPixel { (wide, tall) = (max(wide, 1), max(tall, 1)) }
        func grid(_ extent: Double) -> Int {
          ratio > 0 ? ratio : extent.isNaN ? 0 : max(0, Int((Float(extent) / Float(side)).rounded(.up)))
        }
        let (across, down) = (grid(wide), grid(tall))
        var sum = 0.0
        for j in 0..<down {
          for i in 0..<across {
            var x = box[0] + (Double(column) + (Double(i) + 0.5) / Double(across)) * wide / Double(side)
            var y = box[1] + (Double(row) + (Double(j) + 0.5) / Double(down)) * tall / Double(side)
            guard x >= -1, x <= Double(width), y >= -1, y <= Double(height) else { continue }
            (x, y) = (min(max(x, 0), Double(width - 1)), min(max(y, 0), Double(height - 1)))
            let (left, top) = (min(Int(x), width - 2), min(Int(y), height - 2))
            func pixel(_ x: Int, _ y: Int) -> Double {
              Double(pixels[((region % 2 * channels + channel) * height + y) * width + x])
            }
            let (u, v) = (x - Double(left), y - Double(top))
            sum += (1 - v) * ((1 - u) * pixel(left, top) + u * pixel(left + 1, top))
            sum += v * ((1 - u) * pixel(left, top + 1) + u * pixel(left + 1, top + 1))
          }
        }
        return Float(sum / Double(max(across * down, 1)))
      }
      for isa in instructionSets {
        let result = try run(
          "RoiAlign", domain: "",
          [
            Tensor(pixels, shape: [2, channels, height, width]), Tensor(regions, shape: [count, 4]),
            Tensor(images, shape: [count]),
          ],
          [
            Attribute("output_height", .int(Int64(side))), Attribute("output_width", .int(Int64(side))),
            Attribute("sampling_ratio", .int(Int64(ratio))), Attribute("spatial_scale", .float(0.7)),
            .text("coordinate_transformation_mode", isHalfPixel ? "half_pixel" : "output_half_pixel"),
          ], on: isa)[0].elements(Float.self)
        var largest: Float = 0
        for region in 0..<count where !(region == count - 2 && ratio == 0) {
          for channel in 0..<channels {
            for place in 0..<side * side {
              let wanted = naive(region, channel, place / side, place % side)
              largest = max(largest, abs(result[(region * channels + channel) * side * side + place] - wanted))
            }
          }
        }
        #expect(largest < 2e-5, "\(ratio) \(isHalfPixel) \(isa): \(largest)")
      }
    }
  }
}
