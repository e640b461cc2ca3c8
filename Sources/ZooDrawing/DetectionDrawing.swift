import CCairo
public import ModelZoo

/// Pictures with the boxes that a detector found, drawn by cairo.
///
/// Each class has a colour. Labels lie above their boxes, or where there is room; none leaves the picture. Boxes with high
/// scores are drawn last. A small picture is made larger, so that text on it can be read.
public struct DetectionDrawing: Sendable {
  /// Class names, whose order decides on colours.
  public var labels: [String]

  public init(labels: [String] = []) { self.labels = labels }

  /// Okabe and Ito's colours, which people with any colour vision tell apart ("Color Universal Design", 2008), but for
  /// black and grey.
  private static let palette: [(red: Double, green: Double, blue: Double)] = [
    (0.90, 0.62, 0.00), (0.34, 0.71, 0.91), (0.00, 0.62, 0.45), (0.94, 0.89, 0.26), (0.00, 0.45, 0.70),
    (0.84, 0.37, 0.00), (0.80, 0.47, 0.65),
  ]
  /// Cairo's limit.
  private static let longestSide = 32767
  /// Pictures whose longer side is shorter than this grow, by a whole number up to 8.
  private static let smallestSide = 480

  /// A PNG file of `image` with `detections`, whose boxes are in its pixels.
  ///
  /// - Throws: `ZooError`: `unsupported` for a picture with a side above 32,767 pixels.
  public func png(of image: Image, _ detections: [Detection]) throws -> [UInt8] {
    guard max(image.width, image.height) <= Self.longestSide else {
      throw ZooError(
        .unsupported, "a picture of \(image.width)×\(image.height) pixels is too large to be drawn on",
        advice: "make it smaller than \(Self.longestSide) pixels a side")
    }
    let factor = min(8, max(1, Self.smallestSide / max(image.width, image.height)))
    let picture =
      factor == 1
      ? image : try image.resized(width: image.width * factor, height: image.height * factor, filter: .bicubic)
    guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(picture.width), Int32(picture.height)),
      cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface)
    else { throw ZooError(.defect, "no memory to draw on \(picture.width)×\(picture.height) pixels") }
    defer {
      cairo_destroy(context)
      cairo_surface_destroy(surface)
    }
    copy(picture, to: surface)
    draw(detections, factor: Double(factor), on: context, width: picture.width, height: picture.height)
    cairo_surface_flush(surface)
    return try encode(surface)
  }

  private func copy(_ picture: Image, to surface: OpaquePointer) {
    cairo_surface_flush(surface)
    let stride = Int(cairo_image_surface_get_stride(surface))
    guard let data = cairo_image_surface_get_data(surface) else { return }
    for row in 0..<picture.height {
      // A pixel is a number of 32 bits: red, green, blue below the highest byte.
      UnsafeMutableRawPointer(data + row * stride).withMemoryRebound(to: UInt32.self, capacity: picture.width) { line in
        for column in 0..<picture.width {
          let pixel = 3 * (row * picture.width + column)
          let (red, green, blue) = (picture.pixels[pixel], picture.pixels[pixel + 1], picture.pixels[pixel + 2])
          line[column] = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
        }
      }
    }
    cairo_surface_mark_dirty(surface)
  }

  private struct Rectangle {
    var x, y, width, height: Double

    func meets(_ other: Rectangle) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }
  }

  private func draw(_ detections: [Detection], factor: Double, on context: OpaquePointer, width: Int, height: Int) {
    let side = Double(min(width, height))
    let line = max(2, (side / 240).rounded())
    let order = detections.sorted { $0.score > $1.score }
    // The best on top.
    for detection in order.reversed() {
      let box = rectangle(detection.box, factor: factor, inset: line / 2, width: width, height: height)
      for (color, thickness) in [(nil, line + 2), (color(of: detection.label), line)] {
        if let color {
          cairo_set_source_rgb(context, color.red, color.green, color.blue)
        } else {
          cairo_set_source_rgba(context, 0, 0, 0, 0.35)
        }
        cairo_set_line_width(context, thickness)
        cairo_rectangle(context, box.x, box.y, box.width, box.height)
        cairo_stroke(context)
      }
    }
    cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD)
    cairo_set_font_size(context, max(11, min(side / 40, 40)))
    var font = cairo_font_extents_t()
    cairo_font_extents(context, &font)
    var taken: [Rectangle] = []
    var labels: [(text: String, place: Rectangle, color: (red: Double, green: Double, blue: Double))] = []
    for detection in order {
      let text = "\(detection.label) \(Int((detection.score * 100).rounded())) %"
      let box = rectangle(detection.box, factor: factor, inset: line / 2, width: width, height: height)
      var extents = cairo_text_extents_t()
      cairo_text_extents(context, text, &extents)
      let size = (width: extents.x_advance + font.height * 0.4, height: font.height)
      func place(_ x: Double, _ y: Double) -> Rectangle {
        Rectangle(
          x: max(0, min(x, Double(width) - size.width)), y: max(0, min(y, Double(height) - size.height)),
          width: size.width, height: size.height)
      }
      let (left, top) = (box.x - line / 2, box.y - line / 2)
      let right = box.x + box.width + line / 2 - size.width
      let bottom = box.y + box.height + line / 2
      let places = [
        place(left, top - size.height), place(right, top - size.height), place(left, top), place(left, bottom),
        place(right, bottom), place(left, bottom - size.height),
      ]
      let free = places.first { candidate in !taken.contains { $0.meets(candidate) } } ?? places[0]
      taken.append(free)
      labels.append((text, free, color(of: detection.label)))
    }
    for label in labels.reversed() {
      cairo_set_source_rgb(context, label.color.red, label.color.green, label.color.blue)
      cairo_rectangle(context, label.place.x, label.place.y, label.place.width, label.place.height)
      cairo_fill(context)
      let brightness = 0.3 * label.color.red + 0.59 * label.color.green + 0.11 * label.color.blue
      let ink = brightness > 0.45 ? 0.0 : 1.0
      cairo_set_source_rgb(context, ink, ink, ink)
      cairo_move_to(
        context, label.place.x + font.height * 0.2, label.place.y + (font.height + font.ascent - font.descent) / 2)
      cairo_show_text(context, label.text)
    }
  }

  /// A box with its line inside the picture.
  private func rectangle(_ box: Box, factor: Double, inset: Double, width: Int, height: Int) -> Rectangle {
    func clamped(_ value: Float, _ limit: Int) -> Double {
      max(inset, min(Double(value) * factor, max(inset, Double(limit) - inset)))
    }
    let (left, right) = (clamped(box.left, width), clamped(box.right, width))
    let (top, bottom) = (clamped(box.top, height), clamped(box.bottom, height))
    return Rectangle(x: left, y: top, width: right - left, height: bottom - top)
  }

  private func color(of label: String) -> (red: Double, green: Double, blue: Double) {
    let index = labels.firstIndex(of: label) ?? label.utf8.reduce(0) { ($0 * 31 + Int($1)) % 65536 }
    return Self.palette[index % Self.palette.count]
  }

  private func encode(_ surface: OpaquePointer) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &bytes) { target in
      cairo_surface_write_to_png_stream(
        surface,
        { closure, data, count in
          closure.unsafelyUnwrapped.assumingMemoryBound(to: [UInt8].self).pointee
            .append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
          return CAIRO_STATUS_SUCCESS
        }, target)
    }
    guard status == CAIRO_STATUS_SUCCESS else {
      throw ZooError(.defect, "cairo can't write the PNG: \(String(cString: cairo_status_to_string(status)))")
    }
    return bytes
  }
}
