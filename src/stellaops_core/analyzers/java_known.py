"""Publishers of Java libraries whose archives do not say their Maven group.

Comes in: what an archive calls itself and whether it holds a package. Goes out: the coordinates it is published under.
The rule: both must fit, the artifact's name and a package of that publisher inside the archive; what is not in this
table has no group, for groups can't be told from packages (`org.objectweb.asm` is published as `org.ow2.asm`).

Source: the coordinates that these projects document as theirs. Most are built by Gradle, Ant or bnd, which write no
pom.properties.
"""

import re
from collections.abc import Callable
from typing import NamedTuple


class Known(NamedTuple):
    """One rule."""

    names: re.Pattern[str]
    """Names that fit as a whole; its group 1 is the artifact, if it has one."""
    package: bytes
    """A folder that the archive must hold."""
    group: str
    versions: re.Pattern[str]
    """How the version begins."""


def _rule(line: str) -> Known:
    names, package, group, *versions = line.split()
    return Known(re.compile(names), package.encode(), group, re.compile(versions[0] if versions else ""))


_RULES = tuple(
    map(
        _rule,
        r"""
spring-(?:aop|aspects|beans|context(?:-indexer|-support)?|core(?:-test)?) org/springframework/ org.springframework
spring-(?:expression|instrument|jcl|jdbc|jms) org/springframework/ org.springframework
spring-(?:messaging|orm|oxm|r2dbc|test|tx|web|webflux|webmvc|websocket) org/springframework/ org.springframework
spring-boot(?:-[a-z-]+)? org/springframework/boot/ org.springframework.boot
spring-security-(?:acl|aspects|cas|config|core|crypto) org/springframework/security/ org.springframework.security
spring-security-oauth2-(?:client|core|jose|resource-server) org/springframework/security/ org.springframework.security
spring-security-(?:data|ldap|messaging) org/springframework/security/ org.springframework.security
spring-security-(?:rsocket|taglibs|test|web) org/springframework/security/ org.springframework.security
spring-session-[a-z-]+ org/springframework/session/ org.springframework.session
spring-kafka org/springframework/kafka/ org.springframework.kafka
spring-rabbit|spring-amqp org/springframework/amqp/ org.springframework.amqp
spring-integration-[a-z]+ org/springframework/integration/ org.springframework.integration
spring-batch-(?:core|infrastructure) org/springframework/batch/ org.springframework.batch
(?:org\.apache\.)?(tomcat-embed-[a-z-]+) org/apache/ org.apache.tomcat.embed
(?:org\.apache\.)?(tomcat-[a-z0-9-]+) org/apache/ org.apache.tomcat
kotlin-(?:stdlib|reflect|test|script)[a-z0-9-]* kotlin/ org.jetbrains.kotlin
kotlinx-coroutines-[a-z0-9-]+ kotlinx/coroutines/ org.jetbrains.kotlinx
kotlinx-serialization-[a-z0-9-]+ kotlinx/serialization/ org.jetbrains.kotlinx
annotations org/jetbrains/annotations/ org.jetbrains
okhttp|logging-interceptor|okhttp-[a-z-]+ okhttp3/ com.squareup.okhttp3
okio(?:-jvm)? okio/ com.squareup.okio
retrofit|converter-[a-z]+ retrofit2/ com.squareup.retrofit2
groovy(?:-(?:all|ant|console|datetime|json|jsr223))? groovy/ org.codehaus.groovy [0-3]\.
groovy-(?:nio|sql|swing|templates|test|xml) groovy/ org.codehaus.groovy [0-3]\.
groovy(?:-(?:ant|console|datetime|json|jsr223|nio|sql|swing|templates|test|xml))? groovy/ org.apache.groovy
hibernate-(?:core|envers|spatial|jcache|hikaricp|agroal|c3p0|micrometer) org/hibernate/ org.hibernate [0-5]\.
hibernate-(?:core|envers|spatial|jcache|hikaricp|agroal|c3p0|micrometer) org/hibernate/ org.hibernate.orm
micrometer-(?:commons|core|observation|tracing|registry-[a-z-]+|jakarta9) io/micrometer/ io.micrometer
reactor-core|reactor-test reactor/ io.projectreactor
reactor-netty(?:-core|-http)? reactor/netty/ io.projectreactor.netty
reactive-streams org/reactivestreams/ org.reactivestreams
rxjava rx/ io.reactivex 1\.
rxjava io/reactivex/ io.reactivex.rxjava2 2\.
rxjava io/reactivex/rxjava3/ io.reactivex.rxjava3 3\.
kafka-clients|kafka-streams|kafka_2\.1[0-3]|kafka-[a-z-]+ org/apache/kafka/ org.apache.kafka
kafka_2\.1[0-3] kafka/ org.apache.kafka
lucene-[a-z0-9-]+ org/apache/lucene/ org.apache.lucene
solr-(?:core|solrj) org/apache/solr/ org.apache.solr
elasticsearch(?:-(?:cli|core|geo|lz4|secure-sm|x-content))? org/elasticsearch/ org.elasticsearch
elasticsearch-rest-(?:client|high-level-client) org/elasticsearch/client/ org.elasticsearch.client
opensearch(?:-(?:cli|core|geo|secure-sm|x-content))? org/opensearch/ org.opensearch
opensearch-rest-(?:client|high-level-client) org/opensearch/client/ org.opensearch.client
grpc-[a-z0-9-]+ io/grpc/ io.grpc
opentelemetry-javaagent io/opentelemetry/ io.opentelemetry.javaagent
opentelemetry-(?:api|context|sdk(?:-common|-logs|-metrics|-trace)?|exporter-[a-z-]+) io/opentelemetry/ io.opentelemetry
asm(?:-(?:all|analysis|commons|tree|util|xml))? org/objectweb/asm/ asm [1-3]\.
asm(?:-(?:all|analysis|commons|tree|util|xml))? org/objectweb/asm/ org.ow2.asm
objenesis org/objenesis/ org.objenesis
xz org/tukaani/xz/ org.tukaani
jsr305 javax/annotation/ com.google.code.findbugs
javax\.inject javax/inject/ javax.inject
aopalliance org/aopalliance/ aopalliance
oro org/apache/oro/ oro
jta|transaction-api javax/transaction/ javax.transaction
activation javax/activation/ javax.activation
stax-api javax/xml/stream/ stax 1\.0(?:\.1)?$
jcip-annotations net/jcip/ net.jcip
commons-(?:logging|logging-api|logging-adapters) org/apache/commons/logging/ commons-logging
commons-collections org/apache/commons/collections/ commons-collections
commons-beanutils(?:-core)? org/apache/commons/beanutils/ commons-beanutils
commons-lang org/apache/commons/lang/ commons-lang
commons-io org/apache/commons/io/ commons-io
commons-codec org/apache/commons/codec/ commons-codec
commons-fileupload org/apache/commons/fileupload/ commons-fileupload
commons-httpclient org/apache/commons/httpclient/ commons-httpclient
commons-digester org/apache/commons/digester/ commons-digester
commons-discovery org/apache/commons/discovery/ commons-discovery
commons-dbcp org/apache/commons/dbcp/ commons-dbcp
commons-pool org/apache/commons/pool/ commons-pool
commons-cli org/apache/commons/cli/ commons-cli
batik-[a-z0-9-]+ org/apache/batik/ org.apache.xmlgraphics
velocity-tools org/apache/velocity/tools/ velocity-tools 1\.
velocity org/apache/velocity/ velocity 1\.[0-4]
velocity org/apache/velocity/ org.apache.velocity
xercesImpl org/apache/xerces/ xerces
xalan org/apache/xalan/ xalan
log4j org/apache/log4j/ log4j 1\.
bc(?:prov|pkix|pg|util|mail|tls)-jdk[0-9a-z]+ org/bouncycastle/ org.bouncycastle
hsqldb org/hsqldb/ org.hsqldb 2\.
ojdbc\d+ oracle/jdbc/ com.oracle.database.jdbc
jna(?:-platform)? com/sun/jna/ net.java.dev.jna
junit junit/framework/ junit
derby(?:client|net|shared|tools)? org/apache/derby/ org.apache.derby
gson com/google/gson/ com.google.code.gson
tink com/google/crypto/tink/ com.google.crypto.tink
ivy org/apache/ivy/ org.apache.ivy
jackson-(?:core-asl|jaxrs|mapper-asl|xc) org/codehaus/jackson/ org.codehaus.jackson
jdo-api javax/jdo/ javax.jdo
jodd-[a-z]+ jodd/ org.jodd
libthrift org/apache/thrift/ org.apache.thrift
libfb303 com/facebook/fb303/ org.apache.thrift
lz4-java net/jpountz/lz4/ org.lz4
rocksdbjni org/rocksdb/ org.rocksdb
RoaringBitmap|shims org/roaringbitmap/ org.roaringbitmap
scala-(?:compiler|library|reflect) scala/ org.scala-lang
algebra_[23][0-9.]* algebra/ org.typelevel
cats-kernel_[23][0-9.]* cats/kernel/ org.typelevel
spire_[23][0-9.]* spire/ org.typelevel 0\.1[4-9]
arpack_combined_all org/netlib/ net.sourceforge.f2j
wiremock-standalone com/github/tomakehurst/wiremock/ com.github.tomakehurst [12]\.
wiremock-standalone com/github/tomakehurst/wiremock/ org.wiremock
""".strip().splitlines(),
    )
)


def find_group(names: tuple[str, ...], version: str, holds: Callable[[bytes], bool]) -> tuple[str, str]:
    """Return the group and the artifact of an archive that goes by any of these names; two empty texts if unknown."""
    for name in names:
        for rule in _RULES:
            match = rule.names.fullmatch(name)
            if match and rule.versions.match(version) and holds(rule.package):
                return rule.group, match[1] if match.re.groups else name
    return "", ""
