import Datasets
import ModelZoo

/// How well a detector finds objects (Everingham et al. 2015, "The Pascal Visual Object Classes Challenge: A
/// Retrospective", section 4.1, as of 2010).
public struct DetectionAccuracy: Sendable, Hashable, Codable {
  /// Pictures that were counted.
  public var images: Int
  /// The mean of `ap50`.
  public var map50: Double
  /// Average precision of each class: the area under precision, made monotone, over recall. A box finds an object if their
  /// intersection over union is 0.5 or more.
  public var ap50: [String: Double]
}

/// Collects detections and objects, one picture after the other.
package struct DetectionScorer: Sendable {
  private struct Found: Sendable {
    var score: Float
    var image: Int
    var box: Box
  }

  private struct Truth: Sendable {
    var box: Box
    var isDifficult: Bool
  }

  private var images = 0
  private var found: [String: [Found]] = [:]
  /// By class, then picture.
  private var truths: [String: [Int: [Truth]]] = [:]

  package init() {}

  /// Counts a picture.
  package mutating func add(_ detections: [Detection], objects: [PascalVOC.Object]) {
    for detection in detections {
      found[detection.label, default: []].append(Found(score: detection.score, image: images, box: detection.box))
    }
    for object in objects {
      let box = Box(left: object.left, top: object.top, right: object.right, bottom: object.bottom)
      truths[object.label, default: [:]][images, default: []].append(
        Truth(box: box, isDifficult: object.isDifficult))
    }
    images += 1
  }

  /// What has been counted so far. Classes that no picture shows have no precision.
  package var accuracy: DetectionAccuracy {
    var ap50: [String: Double] = [:]
    for (label, truths) in truths where truths.values.contains(where: { $0.contains { !$0.isDifficult } }) {
      ap50[label] = averagePrecision(found[label] ?? [], truths)
    }
    let mean = ap50.isEmpty ? 0 : ap50.values.reduce(0, +) / Double(ap50.count)
    return DetectionAccuracy(images: images, map50: mean, ap50: ap50)
  }

  private func averagePrecision(_ found: [Found], _ truths: [Int: [Truth]]) -> Double {
    let total = truths.values.reduce(0) { $0 + $1.count { !$0.isDifficult } }
    var taken: [Int: Set<Int>] = [:]
    var hits: [Bool] = []
    let order = found.indices.sorted {
      found[$0].score == found[$1].score ? $0 < $1 : found[$0].score > found[$1].score
    }
    for detection in order.map({ found[$0] }) {
      let objects = truths[detection.image] ?? []
      let overlaps = objects.map { detection.box.intersectionOverUnion($0.box) }
      guard let best = overlaps.indices.max(by: { overlaps[$0] < overlaps[$1] }), overlaps[best] >= 0.5 else {
        hits.append(false)
        continue
      }
      // What is too hard is neither right nor wrong.
      if objects[best].isDifficult { continue }
      hits.append(taken[detection.image, default: []].insert(best).inserted)
    }
    var precisions: [Double] = []
    var positive = 0
    for (index, isHit) in hits.enumerated() {
      if isHit { positive += 1 }
      precisions.append(Double(positive) / Double(index + 1))
    }
    var (area, best) = (0.0, 0.0)
    for index in hits.indices.reversed() {
      best = max(best, precisions[index])
      if hits[index] { area += best }
    }
    return area / Double(total)
  }
}

extension Box {
  public var area: Float { max(0, right - left) * max(0, bottom - top) }

  /// The common area as a fraction of what both cover together, 0…1.
  public func intersectionOverUnion(_ other: Box) -> Float {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    guard width > 0, height > 0 else { return 0 }
    let common = width * height
    return common / (area + other.area - common)
  }
}

extension Model {
  /// Measures how well the model finds the objects of data sets in the layout of Pascal VOC, all taken together.
  ///
  /// All detections count, those below the score threshold of predictions too.
  ///
  /// - Parameters:
  ///   - list: As `PascalVOC.init` takes it.
  ///   - progress: Called with the number of pictures that are done, and of all.
  /// - Throws: `ZooError`: `usage` for a model that finds no objects, `notFound` and `badData` for a data set.
  public func detectionAccuracy(
    on paths: [String], list: String? = nil, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> DetectionAccuracy {
    guard metadata.task == .objectDetection else {
      throw ZooError(.usage, "the model does not find objects", at: metadata.location)
    }
    let detector = try ObjectDetector(self)
    let datasets = try paths.map { try PascalVOC($0, list: list) }
    let all = datasets.reduce(0) { $0 + $1.names.count }
    var scorer = DetectionScorer()
    var done = 0
    for dataset in datasets {
      for name in dataset.names {
        let sample = try dataset.sample(name)
        let strangers = Set(sample.objects.map(\.label)).subtracting(metadata.labels)
        guard metadata.labels.isEmpty || strangers.isEmpty else {
          throw ZooError(
            .badData, "\(name) shows a \(strangers.sorted()[0]), which the model does not know",
            advice: "its labels are \(metadata.labels.joined(separator: ", "))")
        }
        scorer.add(try detector.detections(in: .image(sample.image)), objects: sample.objects)
        done += 1
        progress(done, all)
      }
    }
    return scorer.accuracy
  }
}
