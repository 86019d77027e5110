# The page as its bucket has it: which files with which headers, and the configuration that it reads. Sourced by deploy.
# shellcheck shell=sh

# list_page FOLDER: the files of the page that was built there, from its manifest: "PATH<tab>TYPE<tab>CACHE-CONTROL", assets first.
list_page() {
    awk -F '"' '$2 == "path" { path = $4 } $2 == "cache" { cache = $4 } $2 == "type" { print path "\t" $4 "\t" cache }' \
        "$1/manifest.json" | LC_ALL=C sort -t "$(printf '\t')" -k 3,3 -k 1,1 |
        awk -F '\t' -v OFS='\t' '{ $3 = $3 == "immutable" ? "public, max-age=31536000, immutable" : "no-cache"; print }'
}

# page_config NAME: what the page reads first.
page_config() {
    cat <<END
{"v":1,"name":"$1","api":"/api","media":"","upload":{"mode":"presigned","maxBytes":26214400,"maxFiles":1000,"concurrency":4,
"accept":["image/jpeg","image/png","image/webp","image/gif","image/avif","image/tiff"]},"status":"poll","auth":null,
"features":{"tags":true,"exif":true,"ops":false,"delete":true},"locales":["en","de"]}
END
}
