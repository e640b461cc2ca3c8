import TestSupport
import Testing
import ZooCore
import ZooImage

@Suite struct PreprocessingTests {
  private let mean: [Float] = [0.485, 0.456, 0.406]
  private let deviation: [Float] = [0.229, 0.224, 0.225]

  @Test func valuesAreTorchvisions() throws {
    let source = try readPPM("\(fixtures)/source-6.ppm")
    let names = try files(in: fixtures, ending: ".f32")
    #expect(names.count == 5)
    for name in names {
      let parts = name.dropLast(".f32".count).split(separator: "-")
      let sides = parts[1].split(separator: "x").compactMap { Int($0) }
      let crop = parts[3].split(separator: "x").compactMap { Int($0) }
      let preprocessing = ImagePreprocessing(
        resize: sides.count == 2 ? .exact(height: sides[0], width: sides[1]) : .shorterSide(sides[0]),
        filter: try #require(ImagePreprocessing.Filter(rawValue: String(parts[2]))), height: crop[0], width: crop[1],
        mean: mean, deviation: deviation)
      let expected = try bytes(of: "\(fixtures)/\(name)").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let tensor = try preprocessing.tensor(from: [source, source])
      #expect(tensor.shape == [2, 3, crop[0], crop[1]])
      #expect(try tensor.elements(Float.self) == expected + expected, "\(name)")
    }
  }

  @Test func caffesConventions() throws {
    var preprocessing = ImagePreprocessing(
      resize: .exact(height: 1, width: 1), height: 1, width: 1, mean: [104, 117, 124], deviation: [1, 1, 2])
    preprocessing.scale = 255
    preprocessing.colorOrder = .bgr
    let image = try Image(width: 1, height: 1, pixels: [10, 20, 30])
    #expect(try preprocessing.tensor(from: [image]).elements(Float.self) == [30 - 104, 20 - 117, (10 - 124) / 2])
    #expect(try preprocessing.tensor(from: []).shape == [0, 3, 1, 1])
  }

  @Test func extremeProportionsTakeLittleMemory() throws {
    // The shorter side to 256 makes a picture of 256 × 5 million pixels, of which the centre is needed.
    let strip = try Image(width: 20_000, height: 1, pixels: [UInt8](repeating: 7, count: 60_000))
    let crop = try ImagePreprocessing.imageNet().crop(of: strip)
    #expect(crop.pixels.allSatisfy { $0 == 7 })
  }

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    let image = try Image(width: 1, height: 1, pixels: [1, 2, 3])
    let good = ImagePreprocessing.imageNet()
    let changes: [(inout ImagePreprocessing) -> Void] = [
      { $0.deviation[1] = 0 }, { $0.mean = [0] }, { $0.mean[0] = .nan }, { $0.scale = .infinity }, { $0.height = 0 },
      { $0.width = -3 }, { $0.width = .max }, { $0.resize = .shorterSide(0) }, { $0.resize = .shorterSide(.max) },
      { $0.resize = .exact(height: 1, width: -1) },
    ]
    for change in changes {
      var preprocessing = good
      change(&preprocessing)
      #expect(error { try preprocessing.tensor(from: [image]) }?.kind == .badData, "\(preprocessing)")
    }
  }
}
