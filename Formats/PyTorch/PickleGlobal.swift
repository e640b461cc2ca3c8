import ZooCore

/// The closed table of globals that a checkpoint may name. None of them runs code: each stands for a value, or for a
/// way to build one that `Unpickler.call` knows.
enum PickleGlobal {
  case orderedDictionary
  case defaultDictionary
  case list
  case tuple
  case set
  case dictionary
  case namespace
  /// A class of a TorchScript program: its objects are modules, whose attributes have names.
  case scriptClass
  /// `torch.jit._pickle.restore_type_tag` and its like: the first argument, of whose type more is said.
  case tagged
  /// `_codecs.encode`: how old protocols write bytes.
  case encode
  case tensor
  case tensorVersion2
  case tensorVersion3
  case parameter
  case fromType
  case deviceTensor
  /// A tensor of a kind that is not read: sparse, quantized, without data.
  case unreadableTensor(String)
  /// `torch.Size`: a tuple.
  case size
  case storage(TorchType)
  case dtype(TorchType)
  case numpyScalar
  case numpyReconstruct
  case numpyFromBuffer
  case numpyArray
  case numpyType
  /// A class or constant that is only named, or built from plain arguments that don't matter.
  case inert(String)

  init?(module: String, name: String) {
    switch module {
    case "collections":
      switch name {
      case "OrderedDict": self = .orderedDictionary
      case "defaultdict": self = .defaultDictionary
      default: return nil
      }
    case "builtins", "__builtin__":
      switch name {
      case "list": self = .list
      case "tuple": self = .tuple
      case "set", "frozenset": self = .set
      case "dict": self = .dictionary
      case "int", "long", "float", "bool", "str", "unicode", "complex", "bytes": self = .inert(name)
      default: return nil
      }
    case "argparse", "types":
      switch name {
      case "Namespace", "SimpleNamespace": self = .namespace
      default: return nil
      }
    case "torch.jit._pickle":
      guard
        ["restore_type_tag", "build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"].contains(name)
      else { return nil }
      self = .tagged
    case "_codecs":
      guard name == "encode" else { return nil }
      self = .encode
    case "torch._utils":
      switch name {
      case "_rebuild_tensor": self = .tensor
      case "_rebuild_tensor_v2": self = .tensorVersion2
      case "_rebuild_tensor_v3": self = .tensorVersion3
      case "_rebuild_parameter", "_rebuild_parameter_with_state": self = .parameter
      case "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor":
        self = .deviceTensor
      case "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor": self = .unreadableTensor("sparse")
      case "_rebuild_nested_tensor": self = .unreadableTensor("nested")
      case "_rebuild_qtensor": self = .unreadableTensor("quantized")
      case "_rebuild_meta_tensor_no_storage", "_rebuild_wrapper_subclass":
        self = .unreadableTensor("stored without its data")
      default: return nil
      }
    case "torch._tensor", "torch.tensor":
      switch name {
      case "_rebuild_from_type", "_rebuild_from_type_v2": self = .fromType
      case "Tensor": self = .inert("torch.Tensor")
      default: return nil
      }
    case "torch.nn.parameter":
      guard ["Parameter", "Buffer"].contains(name) else { return nil }
      self = .inert(name)
    case "torch.serialization":
      guard name == "_get_layout" else { return nil }
      self = .inert("torch.layout")
    case "torch.storage", "torch":
      if let storage = Self.storages[name] {
        self = .storage(storage)
      } else if module == "torch", let type = Self.types[name] {
        self = .dtype(type)
      } else if module == "torch", name == "Size" {
        self = .size
      } else if module == "torch", Self.constants.contains(name) {
        self = .inert("torch.\(name)")
      } else {
        return nil
      }
    case "numpy.core.multiarray", "numpy._core.multiarray":
      switch name {
      case "scalar": self = .numpyScalar
      case "_reconstruct": self = .numpyReconstruct
      default: return nil
      }
    case "numpy.core.numeric", "numpy._core.numeric":
      guard name == "_frombuffer" else { return nil }
      self = .numpyFromBuffer
    case "numpy":
      switch name {
      case "dtype": self = .numpyType
      case "ndarray": self = .numpyArray
      default: return nil
      }
    case "__torch__": self = .scriptClass
    default:
      guard module.hasPrefix("__torch__.") else { return nil }
      self = .scriptClass
    }
  }

  private static let constants: Set<String> = [
    "Tensor", "device", "per_tensor_affine", "per_channel_affine", "preserve_format", "contiguous_format",
    "channels_last", "channels_last_3d", "strided", "sparse_coo",
  ]

  /// The class of storages whose elements have that type; `nil` for types that are newer than such classes.
  static func storageName(of type: ElementType) -> String? { storageClasses.first { $0.2 == type }?.0 }

  /// PyTorch's name of a type; `nil` for one that it lacks.
  static func typeName(of type: ElementType) -> String? { typeNames.first { $0.1 == type }?.0 }

  private static let storageClasses: [(String, Int, ElementType?)] = [
    ("DoubleStorage", 8, .float64), ("FloatStorage", 4, .float32), ("HalfStorage", 2, .float16),
    ("BFloat16Storage", 2, .bfloat16), ("LongStorage", 8, .int64), ("IntStorage", 4, .int32),
    ("ShortStorage", 2, .int16), ("CharStorage", 1, .int8), ("ByteStorage", 1, .uint8), ("BoolStorage", 1, .bool),
    ("ComplexFloatStorage", 8, .complex64), ("ComplexDoubleStorage", 16, .complex128),
    ("UntypedStorage", 1, .uint8), ("_UntypedStorage", 1, .uint8), ("TypedStorage", 1, nil),
    ("_TypedStorage", 1, nil), ("QInt8Storage", 1, nil), ("QUInt8Storage", 1, nil), ("QInt32Storage", 4, nil),
    ("QUInt4x2Storage", 1, nil), ("QUInt2x4Storage", 1, nil),
  ]

  private static let storages = Dictionary(
    uniqueKeysWithValues: storageClasses.map { ($0.0, TorchType(name: $0.0, byteWidth: $0.1, elementType: $0.2)) })

  private static let typeNames: [(String, ElementType?)] = [
    ("float64", .float64), ("double", .float64), ("float32", .float32), ("float", .float32), ("float16", .float16),
    ("half", .float16), ("bfloat16", .bfloat16), ("int64", .int64), ("long", .int64), ("int32", .int32),
    ("int", .int32), ("int16", .int16), ("short", .int16), ("int8", .int8), ("uint8", .uint8), ("uint16", .uint16),
    ("uint32", .uint32), ("uint64", .uint64), ("bool", .bool), ("complex64", .complex64), ("cfloat", .complex64),
    ("complex128", .complex128), ("cdouble", .complex128), ("float8_e4m3fn", .float8e4m3fn),
    ("float8_e4m3fnuz", .float8e4m3fnuz), ("float8_e5m2", .float8e5m2), ("float8_e5m2fnuz", .float8e5m2fnuz),
    ("float8_e8m0fnu", .float8e8m0), ("complex32", nil), ("chalf", nil), ("qint8", nil), ("quint8", nil),
    ("qint32", nil), ("quint4x2", nil), ("quint2x4", nil), ("float4_e2m1fn_x2", nil),
  ]

  private static let types = Dictionary(
    uniqueKeysWithValues: typeNames.map { name, type in
      (name, TorchType(name: "torch.\(name)", byteWidth: (type?.bitWidth ?? 8) / 8, elementType: type))
    })
}
