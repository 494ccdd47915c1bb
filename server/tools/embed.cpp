// embed OUT.cpp FOLDER FILE...: writes the files as C++ arrays, plain and gzipped, for
// api/assets.hpp, each under its path below the folder. A YAML file becomes the JSON that says the
// same.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>
#include <zlib.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "http/gzip.hpp"

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

// A plain scalar is what YAML's core schema makes of it; a quoted one is text.
json::value scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return json::value(text);
    if (text == "true" || text == "false") return text == "true";
    if (text == "null" || text == "~" || text.empty()) return nullptr;
    json::error_code failed;
    json::value number = json::parse(text, failed);
    if (!failed && number.is_number()) return number;
    return json::value(text);
}

json::value to_json(const YAML::Node& node) {
    if (node.IsScalar()) return scalar(node);
    if (node.IsSequence()) {
        json::array array;
        for (const auto& item : node) array.push_back(to_json(item));
        return array;
    }
    if (node.IsMap()) {
        json::object object;
        for (const auto& entry : node) {
            const std::string key = entry.first.Scalar();
            if (object.contains(key)) throw std::runtime_error("the key " + key + " comes twice");
            object[key] = to_json(entry.second);
        }
        return object;
    }
    return nullptr;
}

constexpr int smallest = 9;

std::string array_of(const std::string& name, const std::string& bytes) {
    std::string text = fmt::format("const unsigned char {}[] = {{", name);
    std::size_t column = 0;
    for (const char c : bytes) {
        text += column++ % 20 == 0 ? "\n    " : " ";
        text += fmt::format("{},", static_cast<unsigned char>(c));
    }
    return text + "\n    0};\n";
}

std::string type_of(const std::string& extension) {
    if (extension == ".json") return "application/json";
    if (extension == ".css") return "text/css; charset=utf-8";
    if (extension == ".js") return "text/javascript; charset=utf-8";
    if (extension == ".svg") return "image/svg+xml";
    if (extension == ".html") return "text/html; charset=utf-8";
    throw std::runtime_error("the type of " + extension + " files is not known");
}

void embed(const fs::path& out, const fs::path& folder, int count, char** files) {
    std::string arrays;
    std::string entries;
    for (int i = 0; i < count; ++i) {
        fs::path file = files[i];
        std::string bytes;
        if (file.extension() == ".yaml") {
            bytes = json::serialize(to_json(YAML::LoadFile(file.string())));
            file.replace_extension(".json");
        } else {
            bytes = read(file);
        }
        const std::string packed = concertres::http::gzip(bytes, smallest);
        const auto sum =
            crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
        arrays += array_of(fmt::format("plain_{}", i), bytes);
        arrays += array_of(fmt::format("gzip_{}", i), packed);
        entries += fmt::format(
            "    {{\"{}\", \"{}\", \"\\\"{:08x}{:x}\\\"\", text(plain_{}, {}), "
            "text(gzip_{}, {})}},\n",
            fs::relative(file, folder).generic_string(), type_of(file.extension().string()), sum,
            bytes.size(), i, bytes.size(), i, packed.size());
    }
    std::ofstream to(out, std::ios::binary);
    to << "// Made by embed; not to be edited.\n#include \"api/assets.hpp\"\n\n"
          "namespace concertres::server {\nnamespace {\n\n"
       << arrays
       << "\nstd::string_view text(const unsigned char* bytes, std::size_t size) {\n"
          "    return {reinterpret_cast<const char*>(bytes), size};\n}\n\n"
          "const Asset assets[] = {\n"
       << entries
       << "};\n\n}  // namespace\n\nstd::span<const Asset> all_assets() { return assets; }\n\n"
          "}  // namespace concertres::server\n";
    if (!to.flush()) throw std::runtime_error("cannot write " + out.string());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc < 4) throw std::runtime_error("usage: embed OUT.cpp FOLDER FILE...");
        embed(argv[1], argv[2], argc - 3, argv + 3);
    } catch (const std::exception& failure) {
        std::cerr << "embed: " << failure.what() << '\n';
        return 1;
    }
    return 0;
}
