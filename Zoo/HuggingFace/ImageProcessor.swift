import JSON
import ZooCore

/// What the classes that prepare photographs do where preprocessor_config.json says nothing.
private struct ImageProcessorKind {
  var filter = ImagePreprocessing.Filter.bicubic
  var mean: [Float] = [0.485, 0.456, 0.406]
  var deviation: [Float] = [0.229, 0.224, 0.225]
  /// Whether one number is the size of the shorter side, and not of both.
  var keepsProportion = false
  var size: JSON = .integer(224)
  var crops = false
  /// Whether it resizes to more than is wanted and crops, as far as 384 pixels (ConvNeXt).
  var cropsPart = false

  private static let standard: [Float] = [0.5, 0.5, 0.5]

  static let vit = ImageProcessorKind(filter: .bilinear, mean: standard, deviation: standard)
  static let deit = ImageProcessorKind(mean: standard, deviation: standard, size: .integer(256), crops: true)
  static let clip = ImageProcessorKind(
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711], keepsProportion: true,
    crops: true)
  static let convNeXt = ImageProcessorKind(
    mean: standard, deviation: standard, keepsProportion: true, size: .integer(384), cropsPart: true)

  /// The class that the settings name; without a name, that of the network's family.
  init(_ settings: PretrainedSettings, modelType: String) {
    let name = settings.value("image_processor_type")?.text ?? settings.value("feature_extractor_type")?.text
    let families: KeyValuePairs<String, ImageProcessorKind> = [
      "convnext": .convNeXt, "resnet": .convNeXt, "deit": .deit, "clip": .clip, "bit": .clip,
    ]
    let type = (name ?? modelType).lowercased()
    self = families.first { type.hasPrefix($0.key) }?.value ?? .vit
    if settings.value("crop_pct") != nil { cropsPart = true }
    if cropsPart { keepsProportion = true }
  }

  private init(
    filter: ImagePreprocessing.Filter = .bicubic, mean: [Float] = [0.485, 0.456, 0.406],
    deviation: [Float] = [0.229, 0.224, 0.225], keepsProportion: Bool = false, size: JSON = .integer(224),
    crops: Bool = false, cropsPart: Bool = false
  ) {
    (self.filter, self.mean, self.deviation, self.size) = (filter, mean, deviation, size)
    (self.keepsProportion, self.crops, self.cropsPart) = (keepsProportion, crops, cropsPart)
  }
}

extension PretrainedFolder {
  /// How a photograph becomes the network's input, as preprocessor_config.json says.
  ///
  /// - Parameter usual: What the family does where there is no such file.
  /// - Throws: `ZooError`: `badData` for settings that make no sense, `unsupported` for a way to prepare photographs that
  ///   is not known.
  package func imagePreprocessing(or usual: ImagePreprocessing) throws -> ImagePreprocessing {
    let name = "preprocessor_config.json"
    guard let settings = try settings(name) else { return usual }
    return try ZooError.locating("\(path)/\(name)") {
      let kind = ImageProcessorKind(settings, modelType: try modelType)
      try settings.require([
        "do_pad": .bool(false), "do_flip_channel_order": .bool(false), "do_thumbnail": .bool(false),
        "do_align_long_axis": .bool(false),
      ])
      var result = try sizes(settings, kind, usual)
      result.scale = 255
      if try settings.bool("do_rescale", default: true) {
        result.scale = 255 * (try settings.float("rescale_factor", default: 1 / 255))
        // 255 · (1 / 255) of a file is not quite 1.
        if abs(result.scale - 1) < 1e-6 { result.scale = 1 }
      }
      (result.mean, result.deviation) = ([0, 0, 0], [1, 1, 1])
      if try settings.bool("do_normalize", default: true) {
        result.mean = try colors(settings, "image_mean", or: kind.mean)
        result.deviation = try colors(settings, "image_std", or: kind.deviation)
      }
      return result
    }
  }

  /// How photographs are resized and cropped.
  private func sizes(
    _ settings: PretrainedSettings, _ kind: ImageProcessorKind, _ usual: ImagePreprocessing
  ) throws -> ImagePreprocessing {
    var result = usual
    switch settings.value("resample")?.integer {
    case nil: result.filter = kind.filter
    case 2: result.filter = .bilinear
    case 3: result.filter = .bicubic
    case let number?:
      throw ZooError(
        .unsupported, "\"resample\" is \(number): pictures are resized only bilinearly (2) or bicubically (3)")
    }
    let crops = try settings.bool("do_center_crop", default: kind.crops)
    guard try settings.bool("do_resize", default: true) else {
      guard !crops else {
        throw ZooError(
          .unsupported, "pictures that are cropped (\"do_center_crop\") without being resized are not made")
      }
      result.resize = .none
      return result
    }
    try resize(&result, to: settings.value("size") ?? kind.size, settings, kind)
    if crops { (result.height, result.width) = try sides(settings.value("crop_size") ?? .integer(224), "crop_size") }
    return result
  }

  private func resize(
    _ result: inout ImagePreprocessing, to size: JSON, _ settings: PretrainedSettings, _ kind: ImageProcessorKind
  ) throws {
    let others = (size.members ?? []).map(\.name).filter { !["shortest_edge", "height", "width"].contains($0) }
    guard others.isEmpty || size["longest_edge"]?.isNull == true else {
      throw ZooError(
        .unsupported,
        "\"size\" has \(others.joined(separator: ", ")), which gives each picture a height and width of its own",
        advice: "give \"height\" and \"width\", or \"shortest_edge\" and a \"crop_size\"")
    }
    guard let edge = size["shortest_edge"]?.integer ?? (kind.keepsProportion ? size.integer : nil) else {
      (result.height, result.width) = try sides(size, "size")
      result.resize = .exact(height: result.height, width: result.width)
      return
    }
    guard edge > 0, edge <= 1 << 14 else { throw ZooError(.badData, "\"size\" is a side of \(edge) pixels") }
    (result.height, result.width) = (edge, edge)
    guard kind.cropsPart else {
      result.resize = .shorterSide(edge)
      return
    }
    guard edge < 384 else {
      result.resize = .exact(height: edge, width: edge)
      return
    }
    let part = settings.value("crop_pct")?.number ?? 224 / 256
    guard part > 0.01, part <= 1 else { throw ZooError(.badData, "\"crop_pct\" is \(part)") }
    result.resize = .shorterSide(Int(Double(edge) / part))
  }

  /// Height and width, or one number for both.
  private func sides(_ json: JSON, _ name: String) throws -> (Int, Int) {
    let numbers = json.list?.map(\.integer) ?? [json.integer ?? json["shortest_edge"]?.integer]
    let height = json["height"]?.integer ?? numbers.first ?? nil
    let width = json["width"]?.integer ?? numbers.last ?? nil
    guard let height, let width, (1...1 << 14).contains(height), (1...1 << 14).contains(width), numbers.count <= 2
    else {
      throw ZooError(
        .badData, "\"\(name)\" is \(json.document.prefix(80)), which is no size of a picture",
        advice: "give one number, or \"height\" and \"width\"")
    }
    return (height, width)
  }

  private func colors(_ settings: PretrainedSettings, _ name: String, or usual: [Float]) throws -> [Float] {
    guard let value = settings.value(name) else { return usual }
    let numbers = (value.list ?? [value, value, value]).compactMap(\.number).map { Float($0) }
    guard numbers.count == 3, numbers.allSatisfy(\.isFinite), name == "image_mean" || numbers.allSatisfy({ $0 > 0 })
    else { throw ZooError(.badData, "\"\(name)\" is no three numbers") }
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
