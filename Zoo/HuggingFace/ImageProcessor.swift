import JSON
import ZooCore

extension PretrainedFolder {
  /// How a photograph becomes the network's input, as preprocessor_config.json says.
  ///
  /// - Parameter usual: What the family does where there is no such file.
  /// - Throws: `ZooError`: `badData` for settings that make no sense, `unsupported` for a way to resize that is not known.
  package func imagePreprocessing(or usual: ImagePreprocessing) throws -> ImagePreprocessing {
    let name = "preprocessor_config.json"
    guard let settings = try settings(name) else { return usual }
    let place = "\(path)/\(name)"
    var result = usual
    if try settings.bool("do_rescale", default: true) {
      result.scale = 255 * (try settings.float("rescale_factor", default: 1 / 255))
    } else {
      result.scale = 255
    }
    // 255 · (1 / 255) of a file is not quite 1.
    if abs(result.scale - 1) < 1e-6 { result.scale = 1 }
    (result.mean, result.deviation) = ([0, 0, 0], [1, 1, 1])
    if try settings.bool("do_normalize", default: true) {
      result.mean = try colors(settings, "image_mean", or: usual.mean, place)
      result.deviation = try colors(settings, "image_std", or: usual.deviation, place)
    }
    switch settings.value("resample")?.integer ?? 2 {
    case 2: result.filter = .bilinear
    case 3: result.filter = .bicubic
    case let number:
      throw ZooError(.unsupported, "pictures are resized in the way \(number), not 2 or 3", at: place)
    }
    if let size = settings.value("size") { try resize(&result, to: size, settings, place) }
    if try settings.bool("do_center_crop", default: false), let crop = settings.value("crop_size") {
      (result.height, result.width) = try sides(crop, place)
    }
    if try !settings.bool("do_resize", default: true) {
      result.resize = .exact(height: result.height, width: result.width)
    }
    return result
  }

  private func resize(
    _ result: inout ImagePreprocessing, to size: JSON, _ settings: PretrainedSettings, _ place: String
  ) throws {
    // ConvNext's processor, which ResNets have, crops what it resized; from 384 pixels on it changes the proportion.
    let usual = settings.value("image_processor_type")?.text ?? settings.value("feature_extractor_type")?.text ?? ""
    let cropsPart = usual.hasPrefix("ConvNext") || settings.value("crop_pct") != nil
    if let edge = size["shortest_edge"]?.integer ?? (cropsPart ? size.integer : nil) {
      guard edge > 0, edge <= 1 << 14 else { throw ZooError(.badData, "a side of \(edge) pixels", at: place) }
      (result.height, result.width) = (edge, edge)
      guard cropsPart else {
        result.resize = .shorterSide(edge)
        return
      }
      guard edge < 384 else {
        result.resize = .exact(height: edge, width: edge)
        return
      }
      let part = try settings.float("crop_pct", default: 224 / 256)
      guard part > 0.01, part <= 1 else { throw ZooError(.badData, "crop_pct is \(part)", at: place) }
      result.resize = .shorterSide(Int((Double(edge) / Double(part) + 1e-4).rounded(.down)))
    } else {
      (result.height, result.width) = try sides(size, place)
      result.resize = .exact(height: result.height, width: result.width)
    }
  }

  /// Height and width, or one number for both.
  private func sides(_ json: JSON, _ place: String) throws -> (Int, Int) {
    let height = json["height"]?.integer ?? json["shortest_edge"]?.integer ?? json.integer ?? 0
    let width = json["width"]?.integer ?? json["shortest_edge"]?.integer ?? json.integer ?? 0
    guard (1...1 << 14).contains(height), (1...1 << 14).contains(width) else {
      throw ZooError(.badData, "a picture of \(width) by \(height) pixels", at: place)
    }
    return (height, width)
  }

  private func colors(
    _ settings: PretrainedSettings, _ name: String, or usual: [Float], _ place: String
  ) throws -> [Float] {
    guard let value = settings.value(name) else { return usual }
    let numbers = (value.list ?? [value, value, value]).compactMap(\.number).map { Float($0) }
    guard numbers.count == 3, numbers.allSatisfy(\.isFinite), name == "image_mean" || numbers.allSatisfy({ $0 > 0 })
    else { throw ZooError(.badData, "\(name) is no three numbers", at: place) }
    return numbers
  }

  /// The names of `count` classes, from config.json's `id2label`; none if it has others.
  package func labels(_ count: Int) -> [String] {
    guard let members = configuration.value("id2label")?.members, members.count == count else { return [] }
    var labels = [String?](repeating: nil, count: count)
    for member in members {
      guard let index = Int(member.name), labels.indices.contains(index) else { return [] }
      labels[index] = member.value.text
    }
    let known = labels.compactMap { $0 }
    return known.count == count ? known : []
  }
}
