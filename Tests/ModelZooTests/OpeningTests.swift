import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooBundle

/// Models and pictures from where programs have them.
@Suite struct OpeningTests {
  private static let options = Model.Options(plugins: .linked)

  @Test func opensBytesAsFiles() throws {
    try withFolder { folder in
      for format in ModelFormat.written {
        let path = "\(folder)/model.\(format.rawValue)"
        try colourModel().write(to: path, format: format)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let file = try Model(contentsOf: path, options: Self.options)
        let input = Input.image(try picture(0, 9, 0))
        let expected = try file.predict(input)
        #expect(try Model(data: data, options: Self.options).predict(input) == expected)
        let model = try Model(data: Array(data), name: "mine", options: Self.options)
        #expect(try model.predict(input) == expected)
        #expect(model.metadata == file.metadata)
        // What is kept is a copy.
        try FileManager.default.removeItem(atPath: path)
        #expect(try model.predict(input) == expected)
        for count in [0, 1, data.count / 2] {
          let error = #expect(throws: ZooError.self) { try Model(data: data.prefix(count), name: "mine") }
          #expect(error?.kind == .badData && error?.location?.hasPrefix("mine") == true, "\(error as Any)")
          #expect(error?.description.contains("/proc") == false)
        }
      }
    }
  }

  @Test func externalDataStayOutside() throws {
    try withFolder { folder in
      var model = colourModel()
      model.graph.initializers = [
        NamedTensor(
          name: "w", tensor: StoredTensor(try Tensor([Float](repeating: 1, count: 1 << 10), shape: [1 << 10])))
      ]
      let path = folder + "/model.onnx"
      try model.write(to: path, format: .onnx)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      // The same file, with elements in a file beside it: TensorProto's fields 13 (entries) and 14 (where).
      let entry = Data([0x6A, 0x0D, 0x0A, 0x08]) + Data("location".utf8) + Data([0x12, 0x01]) + Data("0".utf8)
      let name = try #require(bytes.range(of: Data([0x42, 0x01]) + Data("w".utf8)))
      bytes.replaceSubrange(name, with: bytes[name] + entry + Data([0x70, 0x01]))
      #expect(throws: ZooError.self) { try Model(data: bytes, options: Self.options) }
    }
  }

  @Test func addressesOfFilesAlone() throws {
    for text in ["https://example.com/model.zoo", "models/model.zoo"] {
      let url = try #require(URL(string: text))
      let error = #expect(throws: ZooError.self) { try Model(contentsOf: url) }
      #expect(error?.kind == .usage && error?.location == text && error?.advice?.contains("download") == true)
      let model = try Model.linked(colourModel())
      #expect(kind { try model.predict(.image(contentsOf: url)) } == .usage)
    }
  }

  @Test func opensResources() throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/colours.zoo", format: .package)
      try picture(0, 9, 0).writePNG(to: folder + "/green.png")
      let bundle = try #require(Bundle(path: folder))
      let model = try Model(resource: "colours", in: bundle, options: Self.options)
      let photo = try Input.image(resource: "green", withExtension: "png", in: bundle)
      #expect(try model.predict(photo).classes[0].label == "green")
      let error = #expect(throws: ZooError.self) { try Model(resource: "none", in: bundle) }
      #expect(error?.kind == .notFound && error?.message.contains("none.zoo") == true)
    }
  }

  // MARK: Pixels

  /// Where the bytes of red, green and blue lie, and a byte that is neither.
  private static let formats: [(PixelFormat, @Sendable ([UInt8]) -> [UInt8])] = [
    (.rgb, { $0 }), (.bgr, { [$0[2], $0[1], $0[0]] }), (.rgba, { $0 + [7] }), (.bgra, { [$0[2], $0[1], $0[0], 7] }),
    (.argb, { [7] + $0 }),
  ]

  @Test func readsPixelsOfEveryFormat() throws {
    let (width, height) = (3, 2)
    let pixels = (0..<UInt8(3 * width * height)).map { $0 * 13 }
    for (format, bytes) in Self.formats {
      for padding in [0, 5] {
        var rows: [UInt8] = []
        for row in 0..<height {
          for column in 0..<width {
            let start = (row * width + column) * 3
            rows += bytes(Array(pixels[start..<start + 3]))
          }
          rows += [UInt8](repeating: 99, count: padding)
        }
        let stride = width * format.bytesPerPixel + padding
        for count in [rows.count, rows.count - padding] {
          let image = try rows.prefix(count).withUnsafeBytes {
            try Image(width: width, height: height, format: format, rowStride: stride, bytes: $0)
          }
          #expect(image.pixels == pixels, "\(format) \(padding)")
        }
      }
    }
    let gray = try [1, 2].withUnsafeBufferPointer { numbers in
      try numbers.map { UInt8($0) }.withUnsafeBytes { try Image(width: 2, height: 1, format: .gray, bytes: $0) }
    }
    #expect(gray.pixels == [1, 1, 1, 2, 2, 2])
  }

  @Test func predictsAboutPixels() throws {
    let model = try Model.linked(colourModel())
    let blue = [UInt8]((0..<4 * 4).flatMap { _ in [200, 10, 10, 255] as [UInt8] })
    let input = try Input.pixels(blue, width: 4, height: 4, format: .bgra)
    #expect(try model.predict(input).classes[0].label == "blue")
    #expect(try model.predict(.pixels(Data(blue), width: 4, height: 4, format: .rgba)).classes[0].label == "red")
  }

  @Test(arguments: [
    (0, 1, PixelFormat.rgb, Int?.none, 0), (-1, 1, .rgb, nil, 3), (1, -1, .rgb, nil, 3), (2, 2, .rgb, nil, 11),
    (2, 2, .rgb, nil, 13), (2, 2, .rgb, 5, 12), (2, 2, .rgba, 6, 12), (2, 2, .gray, 3, 7), (2, 2, .gray, 3, 4),
    (.max, 1, .rgb, nil, 9), (1, .max, .gray, 2, 9), (1, .max, .gray, 1, 9), (2, 2, .gray, .min, 4),
    (2, 2, .gray, .max, 4),
  ])
  func refusesSizesThatDoNotFit(width: Int, height: Int, format: PixelFormat, stride: Int?, count: Int) {
    let bytes = [UInt8](repeating: 0, count: count)
    #expect(
      kind { try Input.pixels(bytes, width: width, height: height, format: format, rowStride: stride) } == .usage)
  }

  // MARK: Limits

  @Test func limitsAreAModelsOwn() throws {
    let options = Model.Options(plugins: .linked, threads: 1, scoreThreshold: 0.5, memoryLimit: 64)
    #expect(options.scoreThreshold == 0.5 && options.threads == 1)
    #expect(kind { try Model(colourModel(), options: options).predict(.image(picture(1, 2, 3))) } == .outOfMemory)
  }
}
